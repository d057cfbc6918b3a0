// Making and changing elements. Text from people and from evidence goes onto a page as text, never as markup.

/** @type {(id: string) => any} An element of the page, typed as any kind of element. */
export const byId = (id) => document.getElementById(id);

/**
 * Makes an element. Names with a hyphen, `role`, `for` and `list` become attributes; all others become properties. Children that are null
 * or false are left out; strings become text.
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

/** Makes an SVG element; all names become attributes. */
export function svg(tag, /** @type {Record<string, any>} */ attributes = {}, ...children) {
  /** @type {any} */
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...shownOf(children));
  return node;
}

const shownOf = (children) => children.flat().filter((child) => child !== null && child !== undefined && child !== false);

/** A labelled field. `kind` is a class, such as `small`, or `secondary` for a field that narrow pages hide behind a button. */
export const field = (label, control, kind = "small", ...more) => el("div", { class: `field ${kind}` }, el("label", { for: control.id }, label), control, ...more);

/** A select element; `options` are pairs of value and label. */
export const choices = (id, options, props = {}) => el("select", { id, ...props }, options.map(([value, label]) => el("option", { value }, label)));

export const rowHead = (text) => el("th", { scope: "row" }, text);

export const submit = (label, kind = "small") => el("button", { type: "submit", class: `button ${kind}` }, label);

/** Writes a text only if it differs, so that no selection is lost and nothing is read out twice. */
export function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

export function setHidden(node, isHidden) {
  if (node.hidden !== isHidden) node.hidden = isHidden;
}

/** Sets the options of a list, unless they are the same as before. Keeps the chosen value if it is still there. */
export function setOptions(select, options) {
  const key = JSON.stringify(options);
  if (select.dataset.options === key) return;
  const chosen = select.value;
  select.dataset.options = key;
  select.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

const madeOf = new WeakMap();

/**
 * Makes the children of `parent` match `items`. Items with the same key keep their node, and with it the focus. With `update`, every node is
 * updated in place each time. Without it, a node whose item has changed is made again, and the focus moves to the same button in the new node.
 */
export function keep(parent, items, keyOf, make, update) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const [key, as] = [String(keyOf(item)), JSON.stringify(item)];
    let node = old.get(key);
    if (!node || (!update && madeOf.get(node) !== as)) {
      const made = make(item);
      made.dataset.key = key;
      madeOf.set(made, as);
      if (node) {
        const focused = [...node.querySelectorAll("button")].indexOf(document.activeElement);
        if (node === at) at = made;
        node.replaceWith(made);
        made.querySelectorAll("button")[focused]?.focus();
      }
      node = made;
    }
    old.delete(key);
    update?.(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  old.forEach((node) => node.remove());
}

/** Returns a function that is true the first time, and whenever its `value` differs from the one before. */
export function changes() {
  let before;
  return (value) => {
    const now = JSON.stringify(value);
    if (now === before) return false;
    before = now;
    return true;
  };
}
