/**
 * An element as data: name, attributes, content. A server writes it as markup and a browser makes it, and for both a text is
 * text: what anyone wrote can't become markup. Names and attributes' names are ours.
 */
export type Part = readonly [name: string, attributes: Readonly<Record<string, string>>, content: Content];

/** What stands within an element, in its order. */
export type Content = readonly (string | Part)[];
