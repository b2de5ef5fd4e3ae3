import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, HonoRequest } from 'hono';
import type { Ledger, QueuedDelivery } from '../../shared/ledger/index.ts';
import { isJsonType, parseJson } from '../http/json.ts';
import { badValue, Problem } from '../http/problem.ts';
import { queryValues } from '../http/query.ts';
import { type Answer, respond } from './answer.ts';
import { type Bearer, checkReach } from './bearer.ts';
import * as fields from './fields.ts';
import { type Attempt, onceOnly, requestHash } from './onceOnly.ts';
import { IF_MATCH_FORM, type Precondition, readPrecondition } from './precondition.ts';
import { problemSchema } from './schemas.ts';

/** What the API is made of. */
export interface ManageParts {
  readonly ledger: Ledger;
  readonly clock: () => Date;
  readonly random: (length: number) => Uint8Array;
  readonly webhookUrls: { readonly allowLoopback: boolean };
  /**
   * Called once the table wants an invoice, with the node of its creator, so that the connector looks at once. What fails is
   * reported, and costs a moment.
   */
  readonly wanted: (node: string | undefined) => void | Promise<void>;
  /** Hears of deliveries that were queued, so that they are made at once; without it they are found a little later. */
  readonly queued?: ((deliveries: readonly QueuedDelivery[]) => void | Promise<void>) | undefined;
  /** Hears of errors that are ours. It is told nothing of the request, which may hold secrets. */
  readonly report: (error: unknown) => void;
}

export type ManageEnv = { Variables: { bearer: Bearer } };
export type ManageHono = OpenAPIHono<ManageEnv>;

/** The names in a path like `/v1/manage/creators/{handle}`. */
type Names<P extends string> = P extends `${string}{${infer N}}${infer Rest}` ? N | Names<Rest> : never;

const PARAMS = {
  handle: fields.handle,
  optionId: fields.optionId,
  setId: fields.hex32('The set id of an AMP payment; the payment hash of a BOLT11 one.'),
  endpointId: fields.endpointId,
  keyId: fields.keyId,
};
type Param = keyof typeof PARAMS;

/** What is missing where a path names something that can't be. */
const ABSENT = {
  handle: 'unknown-creator',
  optionId: 'unknown-option',
  setId: 'unknown-tip',
  endpointId: 'unknown-webhook',
  keyId: 'unknown-key',
} as const satisfies Record<Param, string>;

/** An operation of the API: what its OpenAPI says, what is checked before it runs, and what it may answer. */
export interface Operation<P extends string, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  readonly path: P;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Whose key it takes: the operator's alone, that of the creator in the path as well, or any. */
  readonly who: 'operator' | 'creator' | 'anyone';
  readonly query?: Q;
  readonly body?: B;
  /** Whether it changes what is there, so that `If-Match` says which version of it. */
  readonly guarded?: boolean;
  /** The good answer: its status, and the schema of its body, if it has one. */
  readonly answer: readonly [200 | 201 | 202, z.ZodType] | readonly [204];
  /** Whether answers carry an ETag. */
  readonly tagged?: boolean;
  /** Further statuses of problems that it meets. */
  readonly problems?: readonly (keyof typeof WHY)[];
}

/** What an operation is given, checked. */
export interface Asked<P extends string, Q extends z.ZodType, B extends z.ZodType> extends Attempt {
  readonly params: Record<Names<P>, string>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  readonly bearer: Bearer;
  readonly precondition: Precondition;
}

const WHY = {
  400: 'A value in the request is not what its field takes.',
  401: 'There is no API key, or none that holds: malformed, unknown and revoked ones are answered alike.',
  403: 'The key is of scope read, or not the operator’s.',
  404: 'There is nothing of this name within reach of the key; what is another creator’s is answered alike.',
  409: 'It can’t be done in the present state; the same request is being carried out; or others change the same.',
  412: 'It was changed since it was read.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'The idempotency key came with another request before.',
  428: '`If-Match` is missing.',
  429: 'The creator’s keys asked too often; `Retry-After` says when to ask again.',
  500: 'Something went wrong here.',
  503: 'The table can’t be reached; ask again in a moment.',
} as const;

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,100}$/;

const idempotencyKey = fields.textOf(
  IDEMPOTENCY_KEY,
  '1 to 100 visible ASCII characters, new for each request',
  {
    description:
      'Names this request for a day: sent again under the same key, it is done once and answered the same. A UUID will do.',
    example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
  },
);
const ifMatch = fields.textOf(IF_MATCH_FORM, 'the ETag of what is to be changed, or *', {
  description: 'The ETag of what is to be changed, as it was read; `*` for whatever is there now.',
  example: '"3"',
});

/** What the OpenAPI says of an operation's problems. */
function problemsOf(operation: Operation<string, z.ZodType, z.ZodType>) {
  const statuses = new Set<keyof typeof WHY>([401, 403, 429, 500, 503]);
  if (operation.path.includes('{') || operation.who === 'anyone') statuses.add(404);
  if (operation.query || operation.body || operation.method === 'post' || operation.guarded)
    statuses.add(400);
  if (operation.body) for (const status of [413, 415] as const) statuses.add(status);
  if (operation.method === 'post') for (const status of [409, 413, 422] as const) statuses.add(status);
  if (operation.guarded) for (const status of [409, 412, 428] as const) statuses.add(status);
  for (const status of operation.problems ?? []) statuses.add(status);
  const content = { 'application/problem+json': { schema: problemSchema } };
  return Object.fromEntries(
    [...statuses].sort().map((status) => [status, { description: WHY[status], content }]),
  );
}

const ETAG_HEADER = {
  ETag: {
    description: 'The version, for `If-Match` and `If-None-Match`.',
    schema: { type: 'string' as const },
  },
};

function routeOf(operation: Operation<string, z.ZodType, z.ZodType>) {
  const { method, path, id, summary, description, who, query, body, guarded, answer, tagged } = operation;
  const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name as Param);
  const [status, schema] = answer;
  const headers = {
    ...(method === 'post' && { 'Idempotency-Key': idempotencyKey }),
    ...(guarded && { 'If-Match': ifMatch }),
  };
  return createRoute({
    method,
    path,
    operationId: id,
    summary,
    description: [...(description ? [description] : []), `${KEYS[who]} of scope ${scopesOf(method)}.`].join(
      ' ',
    ),
    tags: [who],
    security: [{ apiKey: [] }],
    request: {
      ...(names.length > 0 && {
        params: z.object(Object.fromEntries(names.map((name) => [name, PARAMS[name]]))),
      }),
      ...(query && { query: query as z.ZodObject }),
      ...(Object.keys(headers).length > 0 && { headers: z.object(headers) }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      [status]: {
        description: summary,
        ...(tagged && { headers: ETAG_HEADER }),
        ...(schema && { content: { 'application/json': { schema } } }),
      },
      ...(tagged && method === 'get' && { 304: { description: 'It is still what `If-None-Match` names.' } }),
      ...problemsOf(operation),
    },
  });
}

/** What the OpenAPI says of who may ask. */
const KEYS = {
  operator: 'With a key of the operator,',
  creator: 'With a key of the creator or of the operator,',
  anyone: 'With any key,',
} as const;

const scopesOf = (method: string) => (scopeOf(method) === 'read' ? '`read` or `write`' : '`write`');

const scopeOf = (method: string) => (method === 'get' ? 'read' : 'write');

/**
 * Put an operation into the API. Before it runs: the key reaches so far, what was sent is what the schemas say, and a POST is the
 * first of its idempotency key.
 */
export function operation<const P extends string, Q extends z.ZodType, B extends z.ZodType>(
  app: ManageHono,
  parts: ManageParts,
  definition: Operation<P, Q, B>,
  carryOut: (asked: Asked<P, Q, B>) => Promise<Answer>,
): void {
  const { method, who, guarded } = definition;
  const reach = { who, scope: scopeOf(method) } as const;
  const documented = routeOf(definition as unknown as Operation<string, z.ZodType, z.ZodType>);
  const { body: _, ...request } = documented.request;
  app.openAPIRegistry.registerPath(documented);
  const route = {
    ...documented,
    // Its body is read here: a JSON library takes the last of two values, and what is no UTF-8 for something else.
    request,
    hide: true,
    middleware: async (c: Context<ManageEnv>, next: () => Promise<void>) => {
      checkReach(c.get('bearer'), reach, c.req.param('handle'));
      if (definition.query) queryValues(c.req);
      await next();
    },
  };
  app.openapi(
    route as never,
    (async (c: Context<ManageEnv>) => {
      const valid = (target: 'param' | 'query') => c.req.valid(target as never) ?? {};
      const bearer = c.get('bearer');
      const body = definition.body && (await readBody(c.req, definition.body));
      const asked = (attempt: Attempt) =>
        carryOut({
          ...attempt,
          params: valid('param') as Record<Names<P>, string>,
          query: valid('query') as z.output<Q>,
          body: body as z.output<B>,
          bearer,
          precondition: guarded ? readPrecondition(c.req.header('if-match')) : 'any',
        });
      if (method !== 'post') {
        const answer = await asked({ random: parts.random, now: parts.clock(), again: false });
        return respond(answer, method === 'get' ? c.req.header('if-none-match') : undefined);
      }
      const hash = requestHash(c.req.method, c.req.url, await c.req.text());
      const key = c.req.header('idempotency-key')!;
      return respond(await onceOnly(parts, bearer, { key, hash }, asked));
    }) as never,
  );
}

/** The body of a request, as its schema has it. @throws Problem */
async function readBody<B extends z.ZodType>(request: HonoRequest, schema: B): Promise<z.output<B>> {
  const type = request.header('content-type');
  if (!isJsonType(type))
    throw new Problem('unsupported-media-type', 'Content-Type: the body is not application/json in UTF-8.', {
      field: 'Content-Type',
      ...(type !== undefined && { value: type }),
      expected: 'application/json',
    });
  const data = parseJson(new Uint8Array(await request.arrayBuffer()));
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  throw problemOf('body', data, read.error.issues[0] as unknown as Issue);
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  /** Of a type that is not the one: the one. */
  readonly expected?: string;
  /** Of a value that has none of several forms: what each form finds wrong. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** Of a value that has none of several forms, what is wrong by the one that it comes nearest to, if it is one. */
function nearest({ errors = [] }: Issue): Issue | undefined {
  const least = Math.min(...errors.map(({ length }) => length));
  const found = errors.filter(({ length }) => length === least);
  return found.length === 1 ? found[0]![0] : undefined;
}

/** What a schema expects, with the type where that is what is wrong. */
function expectationOf({ code, path, message, expected }: Issue): string {
  if (code !== 'invalid_type') return message;
  if (path.length === 0) return 'a JSON object';
  return expected === 'string' ? `a string: ${message}` : message;
}

/** The first thing that a schema finds wrong, as a problem that names field, value and expectation. */
export function problemOf(target: string, data: unknown, issue: Issue): Problem {
  const nearer = nearest(issue);
  if (nearer) return problemOf(target, data, { ...nearer, path: [...issue.path, ...nearer.path] });
  const [first, ...rest] = issue.path;
  const held = issue.path.reduce<unknown>((at, name) => (at as Record<PropertyKey, unknown>)?.[name], data);
  if (issue.code === 'unrecognized_keys')
    return badValue([...issue.path, issue.keys![0]].join('.'), undefined, 'a field that is known here');
  const field = first === undefined ? 'body' : [first, ...rest].map(String).join('.');
  if (target === 'header' && field === 'If-Match' && held === undefined) readPrecondition(undefined);
  if (target === 'param')
    return new Problem(
      ABSENT[field as Param],
      `${field}: there is nothing of this name; it is ${issue.message}.`,
      {
        field,
        ...(field !== 'setId' && typeof held === 'string' && { value: held }),
        expected: issue.message,
      },
    );
  const expected = expectationOf(issue);
  if (held === undefined)
    return new Problem('bad-value', `${field}: missing, expected ${expected}.`, { field, expected });
  return badValue(field, held, expected);
}
