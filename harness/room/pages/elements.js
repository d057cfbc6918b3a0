// Making and changing elements. Whatever people typed and whatever evidence says is put on a page as text, never as markup.

/**
 * An element of the page, of whichever kind it is.
 * @type {(id: string) => any}
 */
export const byId = (id) => document.getElementById(id);

/**
 * Makes an element. Names with a hyphen, `role`, `for` and `list` become attributes; everything else a property. Children that are null
 * or false are left out; strings become text.
 * @param {string} tag
 * @param {Record<string, any>} props
 * @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name === "class") node.className = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name.includes("-") || ["role", "for", "list"].includes(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...shownOf(children));
  return node;
}

/**
 * Makes an SVG element; everything is an attribute.
 * @param {Record<string, any>} attributes
 * @returns {any}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...shownOf(children));
  return node;
}

const shownOf = (children) => children.flat().filter((child) => child !== null && child !== undefined && child !== false);

/** Writes a text only if it is another one, so that nothing is selected away or read out twice. */
export function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

export function setHidden(node, isHidden) {
  if (node.hidden !== isHidden) node.hidden = isHidden;
}

/** The first choice of a list and every other, kept as they are if they are the same as before. */
export function setOptions(select, options) {
  const key = JSON.stringify(options);
  if (select.dataset.options === key) return;
  const chosen = select.value;
  select.dataset.options = key;
  select.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

/**
 * Makes the children of `parent` those of `items`: what has the same key stays the same node, with focus and all.
 * @param {any} parent
 * @param {any[]} items
 * @param {(item: any) => unknown} keyOf
 * @param {(item: any) => any} make
 * @param {(node: any, item: any) => void} update
 */
export function keep(parent, items, keyOf, make, update = () => {}) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = old.get(key);
    if (node) old.delete(key);
    else {
      node = make(item);
      node.dataset.key = key;
    }
    update(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  old.forEach((node) => node.remove());
}

/** True the first time, and whenever `value` is another one than before. */
export function changes() {
  let before;
  return (value) => {
    const now = JSON.stringify(value);
    if (now === before) return false;
    before = now;
    return true;
  };
}
