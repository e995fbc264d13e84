# Nothing at all.
# says: defines no function; expected basic_conv
