import type { Representation } from '../../http/representation.ts';
import type { SchemaName } from '../api/schemas.ts';
import type * as render from '../render.ts';

/** What an answer holds, by media type: a schema, one of several, text, bytes, or any object. */
export type Content = SchemaName | readonly SchemaName[] | 'text' | 'bytes' | 'object';

/** A parameter as OpenAPI describes it. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
}

/** What a route can know of a request: no answer depends on anything else. */
export interface Asked {
  /** A part of the path. */
  param(name: string): string;
  /** A parameter of the query that the route has. @throws Problem when it is given twice */
  query(name: string): string | undefined;
  /** The whole query. @throws Problem when one of it is given twice */
  wholeQuery(): Record<string, string>;
  readonly accept: string | null;
}

/** What answers are made from. */
export interface Source extends render.Source {
  /** The OpenAPI document to serve, as `openapi.ts` makes it. */
  readonly openapi: object;
}

/** An answer to be made. */
export interface Making {
  /** What it depends on: who asks for the same at the same moment shares it. Without one it is shared with nobody. */
  readonly key?: string;
  make(): Promise<Representation>;
}

/** One address of the public side: what it is for readers, programs, the edge and the function. */
export interface Route {
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly id: string;
  readonly tag: 'creators' | 'invoices' | 'payers' | 'pages' | 'wallets' | 'service';
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly types: Readonly<Record<string, Content>>;
  /** The statuses of problems that it can meet. */
  readonly problems?: readonly number[];
  /**
   * What is asked for, read from a request. Left out where another function answers.
   * @throws Problem
   */
  readonly answer?: (asked: Asked, source: Source) => Making;
  /** The answer, where it never changes. */
  readonly fixed?: (source: Source) => Representation;
  /** Whether it is there. It is, unless told. */
  readonly isThere?: (source: Source) => boolean;
}

export const OF_CREATOR = [404, 410, 503];
export const OF_INVOICE = [400, 404, 410, 503];
