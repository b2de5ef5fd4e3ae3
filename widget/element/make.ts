/**
 * Make an element with properties and children. Text is set as text: what anyone wrote can't become markup.
 * @param properties of the element, `part` among them, by which a page styles it
 */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<Omit<HTMLElementTagNameMap[Name], 'part'>> & { part?: string },
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
