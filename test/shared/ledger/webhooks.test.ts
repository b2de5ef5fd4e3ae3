import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import {
  changeWebhook,
  deleteWebhook,
  type Ledger,
  MOST_WEBHOOKS,
  noteFailure,
  noteSuccess,
  OLD_SECRET_MS,
  putWebhook,
  readWebhook,
  readWebhooks,
  rotateSecret,
  switchOff,
  tableDefinition,
  validSecrets,
  type Webhook,
} from '../../../shared/ledger/index.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
let dir: string;
let tables: Awaited<ReturnType<typeof openEmbeddedTable>>;
let ledger: Ledger;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-webhooks-'));
  tables = await openEmbeddedTable({ dir, clock: () => NOW.getTime() });
  ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
});
afterEach(async () => {
  await tables.close();
  rmSync(dir, { recursive: true, force: true });
});

const add = (handle = 'alice', url = 'https://example.com/hook') =>
  putWebhook(ledger, { handle, url, description: 'shop', events: ['tip.settled'] }, NOW, randomBytes);
const now = ({ handle, id }: Webhook) => readWebhook(ledger, handle, id);

describe('an endpoint', () => {
  test('is added with an id and a secret of its own', async () => {
    const webhook = await add();
    expect(webhook).toEqual({
      id: expect.stringMatching(/^we_[\w-]{22}$/),
      handle: 'alice',
      url: 'https://example.com/hook',
      description: 'shop',
      events: ['tip.settled'],
      secrets: [{ secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) }],
      status: 'enabled',
      createdAt: NOW,
      version: 1n,
    });
    expect(await now(webhook)).toEqual(webhook);
    expect((await add()).secrets[0]!.secret).not.toBe(webhook.secrets[0]!.secret);
  });

  test("is its creator's alone", async () => {
    const webhook = await add();
    await add('bob');
    expect(await readWebhook(ledger, 'bob', webhook.id)).toBeUndefined();
    expect((await readWebhooks(ledger, 'alice')).map(({ id }) => id)).toEqual([webhook.id]);
    await expect(changeWebhook(ledger, 'bob', webhook.id, { status: 'disabled' })).rejects.toMatchObject({
      name: 'WebhookMissingError',
    });
    await expect(deleteWebhook(ledger, 'bob', webhook.id)).rejects.toMatchObject({
      name: 'WebhookMissingError',
    });
    await expect(rotateSecret(ledger, 'bob', webhook.id, NOW, randomBytes)).rejects.toMatchObject({
      name: 'WebhookMissingError',
    });
    expect(await now(webhook)).toEqual(webhook);
  });

  test.each(['count', '', 'we_', 'we_nothing'])('is not found under the id %j', async (id) => {
    await add();
    expect(await readWebhook(ledger, 'alice', id)).toBeUndefined();
  });

  test(`has ${MOST_WEBHOOKS - 1} others beside it at most, also when all are added at once`, async () => {
    const added = await Promise.allSettled(Array.from({ length: MOST_WEBHOOKS + 5 }, () => add()));
    const refused = added.flatMap((each) => (each.status === 'rejected' ? [each.reason.name] : []));
    // Some may have met each other in the table and not know how they fared; none is beyond the bound.
    expect(new Set(refused).has('TooManyWebhooksError')).toBe(true);
    const there = await readWebhooks(ledger, 'alice');
    expect(there.length).toBeLessThanOrEqual(MOST_WEBHOOKS);
    while ((await readWebhooks(ledger, 'alice')).length < MOST_WEBHOOKS) await add();
    await expect(add()).rejects.toMatchObject({ name: 'TooManyWebhooksError', handle: 'alice' });
    await add('bob');
    await deleteWebhook(ledger, 'alice', there[0]!.id);
    await add();
    await expect(add()).rejects.toMatchObject({ name: 'TooManyWebhooksError' });
  });

  test('is gone once it is deleted', async () => {
    const webhook = await add();
    await deleteWebhook(ledger, 'alice', webhook.id, 1n);
    expect(await readWebhooks(ledger, 'alice')).toEqual([]);
    await expect(deleteWebhook(ledger, 'alice', webhook.id)).rejects.toMatchObject({
      name: 'WebhookMissingError',
    });
  });
});

describe('a change', () => {
  test('leaves what it does not name, and makes the version grow', async () => {
    const webhook = await add();
    const changed = await changeWebhook(ledger, 'alice', webhook.id, { events: ['endpoint.disabled'] });
    expect(changed).toEqual({ ...webhook, events: ['endpoint.disabled'], version: 2n });
    expect(await now(webhook)).toEqual(changed);
  });

  test('is refused for another version, and of two at once one is', async () => {
    const { id } = await add();
    await expect(changeWebhook(ledger, 'alice', id, { status: 'disabled' }, 2n)).rejects.toMatchObject({
      name: 'WebhookChangedError',
    });
    await expect(deleteWebhook(ledger, 'alice', id, 2n)).rejects.toMatchObject({
      name: 'WebhookChangedError',
    });
    const both = await Promise.allSettled([
      changeWebhook(ledger, 'alice', id, { url: 'https://a.example/' }, 1n),
      changeWebhook(ledger, 'alice', id, { url: 'https://b.example/' }, 1n),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test.each([
    ['another URL', { url: 'https://example.com/new' }, false],
    ['the same URL', { url: 'https://example.com/hook' }, true],
    ['other events', { events: ['endpoint.disabled' as const] }, true],
  ])('to %s: what is known of its failures stays: %s', async (_, change, stays) => {
    const webhook = await add();
    await noteFailure(ledger, webhook, NOW, later(1_000));
    const changed = await changeWebhook(ledger, 'alice', webhook.id, change);
    expect('failingSince' in changed).toBe(stays);
    expect('restUntil' in changed).toBe(stays);
  });
});

describe('of its health', () => {
  test('the first failure counts, until a success', async () => {
    const webhook = await add();
    await noteFailure(ledger, webhook, NOW);
    await noteFailure(ledger, (await now(webhook))!, later(1_000), later(5_000));
    const failing = (await now(webhook))!;
    expect(failing).toEqual({ ...webhook, failingSince: NOW, restUntil: later(5_000) });
    await noteSuccess(ledger, failing);
    expect(await now(webhook)).toEqual(webhook);
  });

  test('nothing is noted under a URL of before', async () => {
    const webhook = await add();
    const changed = await changeWebhook(ledger, 'alice', webhook.id, { url: 'https://example.com/new' });
    await noteFailure(ledger, webhook, NOW);
    expect(await switchOff(ledger, webhook, 'it answered 410 Gone', NOW)).toBeUndefined();
    expect(await now(webhook)).toEqual(changed);
  });

  test('being switched off stays told until it is enabled, whatever else is changed', async () => {
    const webhook = await add();
    await noteFailure(ledger, webhook, NOW);
    const off = await switchOff(ledger, (await now(webhook))!, 'nothing but failures', later(1));
    const told = { status: 'off', offReason: 'nothing but failures', offAt: later(1) };
    expect(off).toMatchObject({ ...told, version: 2n });
    expect(await now(webhook)).toEqual(off);
    const moved = await changeWebhook(ledger, 'alice', webhook.id, { url: 'https://example.com/new' });
    expect(moved).toMatchObject(told);
    const enabled = await changeWebhook(ledger, 'alice', webhook.id, { status: 'enabled' });
    expect(enabled).toEqual({ ...webhook, url: 'https://example.com/new', version: 4n });
  });
});

describe('of its secrets', () => {
  test('two are valid for a day, then the new one alone', async () => {
    const webhook = await add();
    const old = webhook.secrets[0]!.secret;
    const rotated = await rotateSecret(ledger, 'alice', webhook.id, NOW, randomBytes);
    const [{ secret }] = rotated.secrets as [{ secret: string }];
    expect(secret).not.toBe(old);
    expect(validSecrets(rotated, later(OLD_SECRET_MS - 1))).toEqual([secret, old]);
    expect(validSecrets(rotated, later(OLD_SECRET_MS))).toEqual([secret]);
    expect(rotated.version).toBe(2n);
  });

  test('there are two at most', async () => {
    const webhook = await add();
    const second = await rotateSecret(ledger, 'alice', webhook.id, NOW, randomBytes);
    const third = await rotateSecret(ledger, 'alice', webhook.id, later(1), randomBytes);
    expect(validSecrets(third, later(2))).toEqual([third.secrets[0]!.secret, second.secrets[0]!.secret]);
  });

  test('the old one ends at once where that is asked', async () => {
    const webhook = await add();
    const rotated = await rotateSecret(ledger, 'alice', webhook.id, NOW, randomBytes, { keepMs: 0 });
    expect(rotated.secrets).toHaveLength(1);
  });
});
