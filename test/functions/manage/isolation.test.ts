import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { revokeKey } from '../../../shared/ledger/index.ts';
import { addressOf, bodyOf, operations as named, namesOf, type Operation, wholeTable } from './operations.ts';
import { openStage, type Stage } from './stage.ts';

const operations = named.map(([, operation]) => operation);
const ofCreator = named.filter(([, { path }]) => path.includes('{handle}'));
const ofOperator = named.filter(([, { tags }]) => tags.includes('operator'));
const writing = named.filter(([, { method }]) => method !== 'GET');

let stage: Stage;
let bobs: Awaited<ReturnType<typeof namesOf>>;
beforeAll(async () => {
  stage = await openStage();
  bobs = await namesOf(stage, 'bob');
});
afterAll(() => stage.close());

/** Ask as the document says, with values of Bob's unless told. */
const ask = (operation: Operation, token: string | undefined, values: Record<string, string> = bobs) =>
  stage.ask(operation.method, addressOf(operation, values), { token, body: bodyOf(operation) });

const table = () => wholeTable(stage);

test('a change of the table is seen', async () => {
  const before = await table();
  const token = stage.keys.bob.token;
  await stage.ask('PATCH', '/v1/manage/creators/bob', { token, body: { name: 'Bob B.' } });
  const after = await table();
  expect(after.filter((item) => !before.includes(item))).toEqual([expect.stringContaining('Bob B.')]);
});

test('the document has operations of each sort', () => {
  expect(operations.length).toBeGreaterThan(25);
  for (const some of [ofCreator, ofOperator, writing]) expect(some.length).toBeGreaterThan(4);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

describe('without a key that holds', () => {
  const revoked = async () => {
    const { token, key } = await stage.key('bob');
    await revokeKey(stage.ledger, 'bob', key.id, new Date(stage.time.now));
    return token;
  };
  test.each(named)(
    '%s answers 401, the same to no key that was ever one as to one that is revoked',
    async (_, operation) => {
      const gone = await revoked();
      const before = await table();
      const unknown = `${gone.slice(0, 8)}${gone[8] === 'x' ? 'y' : 'x'}${gone.slice(9)}`;
      const none = await ask(operation, undefined);
      expect(none.status).toBe(401);
      expect(none.headers.get('www-authenticate')).toBe('Bearer realm="ampjar"');
      const answers = await Promise.all(
        [gone, unknown, 'x', 'ampjar_', `${gone}x`].map((token) => ask(operation, token)),
      );
      for (const answer of answers) {
        expect(answer.status).toBe(401);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="ampjar", error="invalid_token"');
        expect(answer.body).toEqual(answers[0]!.body);
      }
      expect(await table()).toEqual(before);
    },
  );
});

describe('another creator’s key', () => {
  test.each(ofCreator)(
    '%s answers 404, as if there were no such creator, and changes nothing',
    async (_, operation) => {
      const before = await table();
      const { token } = stage.keys.alice;
      const told = await ask(operation, token);
      const nobody = await ask(operation, token, { ...bobs, handle: 'nobody' });
      expect(told.status).toBe(404);
      expect({ ...told.body, value: '' }).toEqual({ ...nobody.body, value: '' });
      expect(await table()).toEqual(before);
    },
  );

  test.each(ofCreator.filter(([, { path }]) => path.match(/\{/g)!.length > 1))(
    '%s answers 404 to what is another’s under one’s own handle, and changes nothing',
    async (_, operation) => {
      const before = await table();
      const told = await ask(operation, stage.keys.alice.token, { ...bobs, handle: 'alice' });
      expect(told.status).toBe(404);
      // The answer to a POST is kept under its idempotency key, and nothing else is written.
      const after = await table();
      const added = after.filter((item) => !before.includes(item));
      expect(before.filter((item) => !after.includes(item))).toEqual([]);
      expect(added.every((item) => item.includes('"idempotency#'))).toBe(true);
    },
  );

  test.each(ofOperator)('%s is the operator’s, and answers 403', async (_, operation) => {
    const before = await table();
    expect((await ask(operation, stage.keys.alice.token)).status).toBe(403);
    expect(await table()).toEqual(before);
  });

  test.each(named.filter(([, { path }]) => !path.includes('{handle}')))(
    '%s shows nothing of another creator',
    async (_, operation) => {
      const handle = operation.parameters?.some(({ name }) => name === 'handle') ? '?handle=bob' : '';
      const path = addressOf(operation, bobs) + handle;
      const token = stage.keys.alice.token;
      const told = await stage.ask(operation.method, path, { token, body: bodyOf(operation) });
      expect(JSON.stringify({ ...told.body, value: '' })).not.toMatch(/bob/i);
      if (handle) expect(told.status).toBe(404);
    },
  );
});

describe('a key of scope read', () => {
  test.each(writing)('%s answers 403 and changes nothing', async (_, operation) => {
    const before = await table();
    const told = await ask(operation, stage.keys.aliceReads.token, { ...bobs, handle: 'alice' });
    expect(told.status).toBe(403);
    expect(await table()).toEqual(before);
  });

  test.each(named.filter(([, { method, tags }]) => method === 'GET' && !tags.includes('operator')))(
    '%s can be read',
    async (_, operation) => {
      const alices = {
        ...bobs,
        handle: 'alice',
        setId: stage.tips[0]!.setId,
        endpointId: stage.webhooks.alice.id,
      };
      expect((await ask(operation, stage.keys.aliceReads.token, alices)).status).toBe(200);
    },
  );
});

test('every write is a POST with an idempotency key, or says what it changes, or is harmless to repeat', () => {
  const required = (operation: Operation, header: string) =>
    operation.parameters?.some(({ name, required }) => name === header && required) ?? false;
  const neither = writing.filter(
    ([, operation]) => !required(operation, 'Idempotency-Key') && !required(operation, 'If-Match'),
  );
  expect(neither.map(([, { operationId }]) => operationId).sort()).toEqual([
    'eraseText',
    'revokeKey',
    'revokeOperatorKey',
  ]);
  for (const [, operation] of named.filter(([, { method }]) => method === 'POST'))
    expect(required(operation, 'Idempotency-Key'), operation.path).toBe(true);
});
