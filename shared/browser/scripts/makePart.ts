import type { Content, Part } from '../part.ts';

/** Make an element, and all in it. Text is set as text: what anyone wrote can't become markup. */
export function makePart([name, attributes, content]: Part): HTMLElement {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...nodes(content));
  return element;
}

/** Content as an element takes it. */
export const nodes = (content: Content): (Node | string)[] =>
  content.map((each) => (typeof each === 'string' ? each : makePart(each)));
