import { documentOf } from '../../../functions/manage/document.ts';
import type { Item } from '../../../shared/ledger/codec.ts';
import { openOptionId } from '../../../shared/ledger/index.ts';
import { scan } from '../../shared/ledger/book.ts';
import type { Stage } from './stage.ts';

/** A JSON Schema, as far as bodies and parameters are told by it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Record<string, Schema>;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
}

/** An operation of the document. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly tags: string[];
  readonly parameters?: { in: string; name: string; required?: boolean }[];
  readonly requestBody?: { content: { 'application/json': { schema: { $ref: string } } } };
}

const document = documentOf();

/** All operations of the API, by method and path. */
export const operations = Object.entries(document.paths!).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Omit<Operation, 'method' | 'path'>>).map(
    ([name, operation]): [string, Operation] => {
      const method = name.toUpperCase();
      return [`${method} ${path}`, { ...operation, method, path }];
    },
  ),
);

/** A body that each operation with one takes: a new operation can't be left out, for then its schema is missing here. */
const BODIES: Record<string, Record<string, unknown>> = {
  CreatorCreate: { handle: 'intruder', name: 'Intruder', shows: 'amounts' },
  CreatorChange: {
    name: 'Owned',
    shows: 'messages',
    minimumMsat: '1000',
    limits: { leastMsat: '1000', mostMsat: '2000' },
  },
  TipOptionCreate: { label: 'Owned', amountMsat: '1000' },
  TipOptionChange: { label: 'Owned' },
  WebhookCreate: { url: 'https://owned.example/', description: 'Owned', events: ['tip.settled'] },
  WebhookChange: {
    url: 'https://owned.example/',
    description: 'Owned',
    events: ['tip.settled'],
    status: 'enabled',
  },
  WebhookReplay: { after: '0', until: '1' },
  ApiKeyCreate: { name: 'Owned', scope: 'write' },
};

const nameOf = ({ requestBody }: Operation) =>
  requestBody?.content['application/json'].schema.$ref.split('/').at(-1);

/** A body that an operation takes, undefined if it takes none. */
export function bodyOf(operation: Operation): Record<string, unknown> | undefined {
  const name = nameOf(operation);
  if (name !== undefined && !BODIES[name]) throw new Error(`no body is known for ${name}`);
  return name === undefined ? undefined : BODIES[name];
}

/** What the document says of an operation's body. */
export const bodySchemaOf = (operation: Operation): Schema =>
  (document.components!.schemas as Record<string, Schema>)[nameOf(operation)!]!;

/** The address of an operation, for each name in it a value. */
export function addressOf({ path }: Operation, values: Record<string, string>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value is known for {${name}} in ${path}`);
    return value;
  });
}

/** What is a creator's, for each name that a path can have. */
export async function namesOf({ ask, keys, webhooks }: Stage, handle: 'alice' | 'bob') {
  const { token, key } = keys[handle];
  const { body } = await ask('GET', `/v1/manage/creators/${handle}/tips`, { token });
  return {
    handle,
    optionId: openOptionId(handle),
    setId: body.tips[0].setId as string,
    endpointId: webhooks[handle].id,
    keyId: key.id,
  };
}

/** All of the table but when keys were used last. */
export async function wholeTable({ ledger }: Stage): Promise<string[]> {
  const items: Item[] = await scan(ledger);
  const sorted = (item: object) => Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  return items.map(({ lastUsedAt: _, ...item }) => JSON.stringify(sorted(item))).sort();
}
