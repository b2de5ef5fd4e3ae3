import { fields, table } from '../../shared/command/columns.ts';
import { SCOPES } from '../../shared/contract/choices.ts';
import { when } from './amounts.ts';
import { API, apiCommand, gather, moreNote, OF_CREATOR, PAGE } from './api.ts';
import type { ApiKeyBody } from './bodies.ts';
import type { Client } from './client.ts';

const told = (key: ApiKeyBody, token?: string) =>
  fields([
    ['key id', key.id],
    ['of', key.handle ?? 'the operator'],
    ['scope', key.scope],
    ['name', key.name],
    ['since', when(key.createdAt)],
    ['used', key.lastUsedAt === null ? 'never' : when(key.lastUsedAt)],
    ['revoked', key.revokedAt === null ? undefined : when(key.revokedAt)],
    ['key', token],
  ]);

/** Whose keys: those of the creator who is named, or else of whoever the key that asks belongs to. */
const ownerOf = async (client: Client, named: string | undefined) =>
  named ?? (await client.ask('getOwnKey', {})).body.handle ?? undefined;

export const keyCommands = [
  apiCommand({
    name: 'keys list',
    words: [],
    flags: { ...OF_CREATOR, ...PAGE, after: { type: 'string', value: 'KEY_ID', about: 'those after it' } },
    summary: 'API keys, those revoked within 30 days too; without --creator one’s own',
    examples: ['keys list', 'keys list --creator alice --limit 200'],
    async run({ values }, { client, width }) {
      const api = await client();
      const handle = await ownerOf(api, values.creator);
      const { rows, next } = await gather(values.limit, values.after, async ({ from, limit }) => {
        const query = { after: from, limit };
        const { body } =
          handle === undefined
            ? await api.ask('listOperatorKeys', { query })
            : await api.ask('listKeys', { params: { handle }, query });
        return { rows: body.keys, next: body.next };
      });
      const columns = [
        { name: 'KEY ID' },
        { name: 'NAME', cuts: true },
        { name: 'SCOPE' },
        { name: 'SINCE' },
        { name: 'USED' },
        { name: 'REVOKED' },
      ];
      const cells = rows.map((key) => [
        key.id,
        key.name,
        key.scope,
        when(key.createdAt),
        key.lastUsedAt === null ? 'never' : when(key.lastUsedAt),
        key.revokedAt === null ? '' : when(key.revokedAt),
      ]);
      return {
        body: { keys: rows, next },
        text: table(columns, cells, width),
        note: moreNote('after', next),
      };
    },
  }),
  apiCommand({
    name: 'keys own',
    words: [],
    flags: API,
    summary: 'the key that asks: whose it is and how far it goes',
    examples: ['keys own'],
    async run(_, { client }) {
      const { body } = await (await client()).ask('getOwnKey', {});
      return { body, text: told(body) };
    },
  }),
  apiCommand({
    name: 'keys add',
    words: [],
    flags: {
      ...OF_CREATOR,
      name: { type: 'string', value: 'NAME', needed: true, about: 'what the key is for' },
      scope: {
        type: 'string',
        value: 'SCOPE',
        oneOf: SCOPES,
        needed: true,
        about: 'what it opens: read, or write, which is both',
      },
    },
    summary: 'a new API key, shown this once; without --creator of whom the key that asks is',
    examples: ['keys add --creator alice --name "Alice’s overlay" --scope read'],
    async run({ values: { creator, name, scope } }, { client }) {
      const api = await client();
      const handle = await ownerOf(api, creator);
      const asked = { body: { name, scope } };
      const { body } =
        handle === undefined
          ? await api.ask('createOperatorKey', asked)
          : await api.ask('createKey', { ...asked, params: { handle } });
      return { body, text: told(body.key, body.token), note: 'the key is shown this once' };
    },
  }),
  apiCommand({
    name: 'keys revoke',
    words: ['KEY_ID'],
    flags: OF_CREATOR,
    summary: 'a key opens nothing from now on',
    examples: ['keys revoke key_0aB3dE6gH9jK2mN5 --creator alice'],
    async run({ words, values }, { client }) {
      const api = await client();
      const handle = await ownerOf(api, values.creator);
      const keyId = words[0]!;
      const { body } =
        handle === undefined
          ? await api.ask('revokeOperatorKey', { params: { keyId } })
          : await api.ask('revokeKey', { params: { handle, keyId } });
      return { body, text: told(body) };
    },
  }),
];
