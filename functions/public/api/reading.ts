import * as z from 'zod';
import type { Content, Route } from '../routes/route.ts';
import type { SchemaName } from './schemas.ts';

const reference = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });

/** A schema as OpenAPI 3.1 has it inside a document: JSON Schema 2020-12, without a `$schema` of its own. */
export function component(schema: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'output' });
  return rest;
}

const PLAIN = {
  text: { type: 'string' },
  bytes: { type: 'string', format: 'binary' },
  object: { type: 'object' },
};

function schemaOf(content: Content): object {
  if (typeof content !== 'string') return { oneOf: content.map(reference) };
  return content in PLAIN ? PLAIN[content as keyof typeof PLAIN] : reference(content as SchemaName);
}

const media = (types: Readonly<Record<string, Content>>) =>
  Object.fromEntries(Object.entries(types).map(([type, content]) => [type, { schema: schemaOf(content) }]));

const WHY: Record<number, string> = {
  400: 'A value in the request is not what its field takes.',
  404: 'There is nothing of this name.',
  406: 'Neither JSON nor text was asked for.',
  410: 'The creator has closed.',
  503: 'What was asked for is being made, the table can’t be read, or there are too many connections; `Retry-After` says when to ask again.',
};

const PAGE = { 'text/html': 'text' } as const;
const PROBLEM = { 'application/problem+json': 'Problem', ...PAGE } as const;

/** A route as OpenAPI describes it. */
export function reading({ id, tag, summary, description, parameters = [], types, problems = [] }: Route) {
  const told = media('text/html' in types ? PAGE : PROBLEM);
  const isNegotiated = tag !== 'wallets' && tag !== 'service';
  return {
    get: {
      operationId: id,
      tags: [tag],
      summary,
      description,
      parameters,
      responses: {
        200: { description: summary, content: media(types) },
        ...(tag !== 'wallets' && {
          304: { description: 'It is still what the tag in `If-None-Match` names.' },
        }),
        ...(isNegotiated && { 308: SPELLED_OTHERWISE }),
        ...Object.fromEntries(
          problems.map((status) => [status, { description: WHY[status], content: told }]),
        ),
        429: { description: 'Too many ask at once, or one asks too often; ask again in a moment.' },
      },
    },
  };
}

const SPELLED_OTHERWISE = {
  description: 'The address has another spelling, as with the handle in lower case.',
  headers: {
    Location: { description: 'The right one.', schema: { type: 'string', format: 'uri-reference' } },
  },
};

/** What addresses are for. */
export const TAGS: Record<Route['tag'], string> = {
  creators: 'Profiles, tips and totals, as far as each creator shows them.',
  invoices: 'Static, reusable AMP invoices, and the codes that lead to them.',
  payers: 'What a payer alone may know of a payment.',
  pages: 'For people, and for streams.',
  wallets:
    'LNURL-pay and Lightning Addresses: errors have status 200 and `{"status": "ERROR", "reason": "…"}`.',
  service: 'The service itself.',
};
