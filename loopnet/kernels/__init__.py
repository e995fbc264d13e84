"""The loops. One file per operation; every function here is plain Python that Numba can compile as it stands."""
