/** Elements from plain values. Text is always text: nothing of the data becomes markup. */

type Attributes = Readonly<Record<string, string | number | boolean | (() => void)>>;
type Child = Node | string | null;

/** `h('p', {class: 'muted'}, 'text')`; functions become listeners of clicks. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener('click', value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The element of `index.html` with this id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Puts new content into a place, unless it looks the same: a reader's selection, focus and scroll
 * then stay as they are.
 */
export function show(id: string, ...children: Child[]): void {
  const next = h('div', {}, ...children);
  const place = byId(id);
  if (place.innerHTML !== next.innerHTML) place.replaceChildren(...next.childNodes);
}

/** A state without data says what is missing and what to do. */
export const empty = (what: string, todo: Child): HTMLElement =>
  h('p', { class: 'empty' }, h('b', {}, what), todo);
