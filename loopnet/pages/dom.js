// Elements in few words.

/** A new element: element("button", { class: "big", text: "Go", click: start, title: "..." }, child, child). */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The element with that id. */
export function byId(id) {
  return document.getElementById(id);
}
