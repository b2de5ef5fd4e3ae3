import { z } from '@hono/zod-openapi';
import { type ApiKey, ApiKeyError, createKey, listKeysPage, revokeKey } from '../../shared/ledger/index.ts';
import { Problem } from '../http/problem.ts';
import { give } from './answer.ts';
import { asRefusal, creatorOf } from './creators.ts';
import * as fields from './fields.ts';
import { type ManageHono, type ManageParts, operation } from './operation.ts';
import { type ApiKeyBody, apiKeySchema, apiKeysSchema, newApiKeySchema } from './schemas.ts';

const keyBody = (key: ApiKey): ApiKeyBody => ({
  id: key.id,
  handle: key.handle ?? null,
  scope: key.scope,
  name: key.name,
  createdAt: key.createdAt.toISOString(),
  createdBy: key.createdBy ?? null,
  lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  revokedAt: key.revokedAt?.toISOString() ?? null,
});

const newKey = z
  .strictObject({
    name: fields.line(60, 'What the key is for.', 'My overlay'),
    scope: fields.scope,
  })
  .openapi('ApiKeyCreate');

/** Keys of a creator, and the same of the operator: the one difference is whose. */
const OWNERS = [
  { path: '/v1/manage/creators/{handle}/keys', who: 'creator', of: 'a creator', name: 'Key' },
  { path: '/v1/manage/keys', who: 'operator', of: 'the operator', name: 'OperatorKey' },
] as const;

export function keyRoutes(app: ManageHono, parts: ManageParts): void {
  const { ledger } = parts;

  operation(
    app,
    parts,
    {
      method: 'get',
      path: '/v1/manage/key',
      id: 'getOwnKey',
      summary: 'The key that asks: whose it is and how far it goes.',
      who: 'anyone',
      answer: [200, apiKeySchema],
    },
    async ({ bearer: { key } }) => give(keyBody(key)),
  );

  for (const { path, who, of, name } of OWNERS) {
    const ownerOf = async (params: { handle?: string }) =>
      params.handle === undefined ? undefined : (await creatorOf(ledger, params.handle)).handle;

    operation(
      app,
      parts,
      {
        method: 'post',
        path,
        id: `create${name}`,
        summary: `A new API key of ${of}, shown this once.`,
        who,
        body: newKey,
        answer: [201, newApiKeySchema],
      },
      async ({ params, body, bearer, now, random }) => {
        const handle = await ownerOf(params);
        const terms = { ...body, handle, createdBy: bearer.key.id };
        const { token, key } = await createKey(ledger, terms, now, random).catch((error) => {
          if (error instanceof ApiKeyError) throw new Problem('refused', `${error.message}.`);
          return asRefusal(error);
        });
        return give({ key: keyBody(key), token }, { status: 201 });
      },
    );

    operation(
      app,
      parts,
      {
        method: 'get',
        path,
        id: `list${name}s`,
        summary: `The API keys of ${of} by id, those that were revoked within 30 days, too.`,
        who,
        query: z.strictObject({
          after: fields.keyId
            .optional()
            .meta({ description: 'The id to go on after: the `next` of the page before.' }),
          limit: fields.limit,
        }),
        answer: [200, apiKeysSchema],
      },
      async ({ params, query }) => {
        const { keys, next } = await listKeysPage(ledger, await ownerOf(params), query);
        return give({ keys: keys.map(keyBody), next: next ?? null });
      },
    );

    operation(
      app,
      parts,
      {
        method: 'delete',
        path: `${path}/{keyId}`,
        id: `revoke${name}`,
        summary: `Revoke an API key of ${of}: it opens nothing from now on. It stays listed for 30 days.`,
        who,
        answer: [200, apiKeySchema],
      },
      async ({ params, now }) => {
        const { keyId } = params as { keyId: string };
        const revoked = await revokeKey(ledger, await ownerOf(params), keyId, now);
        if (revoked) return give(keyBody(revoked));
        throw new Problem('unknown-key', `keyId: ${of} has no such key.`, {
          field: 'keyId',
          value: keyId,
          expected: 'the id of a key, as in the list of keys',
        });
      },
    );
  }
}
