import { html, raw } from 'hono/html';
import type { Content, Part } from '../../shared/browser/part.ts';

/** Markup that `html` has escaped. */
export type Markup = ReturnType<typeof html>;

const element = ([name, attributes, content]: Part): Markup =>
  html`<${raw(name)}${Object.entries(attributes).map(([key, value]) => html` ${raw(key)}="${value}"`)}>${markup(content)}</${raw(name)}>`;

/** Content as markup, in which texts are escaped. */
export const markup = (content: Content): Markup =>
  html`${content.map((each) => (typeof each === 'string' ? each : element(each)))}`;
