import type { Representation } from '../http/representation.ts';
import { sharedReads } from './sharedReads.ts';

/** How often the table is read: once a request, or once for all requests of one turn of the event loop. */
export type Reads = 'each' | 'shared';

/** Give the answer of a key, made by `render` if there is none to share. */
export type Answers = (key: string, render: () => Promise<Representation>) => Promise<Representation>;

/** The way to answer that `reads` names. */
export const answersBy = (reads: Reads): Answers =>
  reads === 'each' ? (_, render) => render() : sharedReads<Representation>();
