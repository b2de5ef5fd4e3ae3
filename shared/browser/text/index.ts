/** The language that pages, overlay and tip jar speak. Another one is a file beside this, as en.ts is, and its name here. */
export * from './en.ts';
