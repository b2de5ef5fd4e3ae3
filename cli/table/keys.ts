import { randomBytes } from 'node:crypto';
import type { Asked, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import {
  type ApiKey,
  createKey,
  isKeyId,
  type Ledger,
  listKeys,
  readCreators,
  revokeKey,
} from '../../shared/ledger/index.ts';
import type { BOOTSTRAP, ON_TABLE } from './flags.ts';
import { onTable } from './onTable.ts';

const keyBody = ({ id, handle, scope, name, createdAt, createdBy, lastUsedAt, revokedAt }: ApiKey) => ({
  id,
  handle: handle ?? null,
  scope,
  name,
  createdAt: createdAt.toISOString(),
  createdBy: createdBy ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  revokedAt: revokedAt?.toISOString() ?? null,
});

/** Make a key of the operator's, with which all others are made over the API. It is told this once: the table does not know it. */
export const bootstrap = (asked: Asked<typeof BOOTSTRAP>, parts: Parts) =>
  onTable(asked, parts, async (ledger) => {
    const { name = 'made on the table' } = asked.values;
    const { token, key } = await createKey(ledger, { scope: 'write', name }, new Date(), randomBytes);
    return {
      body: { key: keyBody(key), token },
      text: token,
      note: `the key is shown this once; its id is ${key.id}`,
    };
  });

/** The keys of everyone. */
async function* allKeys(ledger: Ledger) {
  yield* await listKeys(ledger, undefined);
  for await (const { handle } of readCreators(ledger)) yield* await listKeys(ledger, handle);
}

/** Revoke a key of whoever's, where there is no API that could be asked to. */
export const revoke = (asked: Asked<typeof ON_TABLE>, parts: Parts) =>
  onTable(asked, parts, async (ledger) => {
    const id = asked.words[0]!;
    for await (const key of isKeyId(id) ? allKeys(ledger) : []) {
      if (key.id !== id) continue;
      const revoked = (await revokeKey(ledger, key.handle, id, new Date()))!;
      return {
        body: keyBody(revoked),
        text: `${id}, of ${key.handle ?? 'the operator'}, opens nothing from now on`,
      };
    }
    throw new UsageError(`KEY_ID: there is no key ${JSON.stringify(id.slice(0, 40))}`);
  });
