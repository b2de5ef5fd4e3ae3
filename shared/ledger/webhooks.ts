import { WEBHOOK_EVENTS } from '../contract/choices.ts';
import { AllowanceError, takeAllowance } from './allowances.ts';
import { updateItem } from './change.ts';
import { type Item, list, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { type Key, keyItem, keys } from './keys.ts';
import { getItem, queryAll } from './read.ts';
import type { Ledger } from './table.ts';
import { ABSENT, type Change, type Condition, equals, put, remove, transact, update } from './transaction.ts';

/** More endpoints than that a creator can't have: each event is posted to every one. */
export const MOST_WEBHOOKS = 20;

/** So long the old secret signs beside the new one, unless told. */
export const OLD_SECRET_MS = 86_400_000;

const webhookItem = record({
  /** `we_` and 22 characters of base64url. */
  id: text,
  handle: text,
  url: text,
  description: optional(text),
  events: list(oneOf(...WEBHOOK_EVENTS)),
  /** The newest first; `until` tells when an older one ends. Each is `whsec_` and base64 of 32 bytes. */
  secrets: list(record({ secret: text, until: optional(moment) }).field),
  /** `disabled` by its creator, `off` by ourselves (offReason says why). Neither is sent anything. */
  status: oneOf('enabled', 'disabled', 'off'),
  offReason: optional(text),
  offAt: optional(moment),
  /** When it failed first since it last succeeded. */
  failingSince: optional(moment),
  /** It asked to be left alone until then (Retry-After). */
  restUntil: optional(moment),
  createdAt: moment,
  /** Grows with each change of what a creator may change and of the status; not with `failingSince` and `restUntil`. */
  version: whole,
});

/** A creator's webhook endpoint. */
export type Webhook = Of<typeof webhookItem.fields>;
/** What a creator says of an endpoint; whether the URL may be posted to is for the caller to check. */
export type WebhookSettings = Pick<Webhook, 'url' | 'description' | 'events'>;
type Random = (length: number) => Uint8Array;

/** There is no such endpoint, or no longer. */
export class WebhookMissingError extends Error {
  override readonly name = 'WebhookMissingError';
  readonly id: string;
  constructor(id: string) {
    super(`webhook: there is no endpoint "${id}"`);
    this.id = id;
  }
}

/** The endpoint is of another version than the change was made for. */
export class WebhookChangedError extends Error {
  override readonly name = 'WebhookChangedError';
  readonly id: string;
  constructor(id: string) {
    super(`webhook: "${id}" was changed meanwhile; read it again`);
    this.id = id;
  }
}

/** The creator has as many endpoints as there may be. */
export class TooManyWebhooksError extends Error {
  override readonly name = 'TooManyWebhooksError';
  readonly handle: string;
  constructor(handle: string) {
    super(`webhook: "${handle}" has ${MOST_WEBHOOKS} endpoints already, which is the most`);
    this.handle = handle;
  }
}

const FIRST_ID = 'we_';
const keyOf = ({ handle, id }: Pick<Webhook, 'handle' | 'id'>) => keys.webhook(handle, id);
/** How many endpoints a creator has; it lies beside them, and its name is none of theirs. */
const countKey = (handle: string): Key => keys.webhook(handle, 'count');

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const newSecret = (random: Random) => `whsec_${Buffer.from(random(32)).toString('base64')}`;

export const webhookKey = keys.webhook;
export const webhookFromItem = (item: Item | undefined): Webhook | undefined =>
  item && webhookItem.fromItem(item);

/**
 * Add an endpoint with a secret of its own; it is told of what settles from now on.
 * @throws TooManyWebhooksError
 */
export async function putWebhook(
  ledger: Ledger,
  settings: WebhookSettings & Pick<Webhook, 'handle'>,
  now: Date,
  random: Random,
): Promise<Webhook> {
  const { handle, url, description, events } = settings;
  const webhook: Webhook = {
    id: `${FIRST_ID}${base64url(random(16))}`,
    handle,
    url,
    ...(description !== undefined && { description }),
    events,
    secrets: [{ secret: newSecret(random) }],
    status: 'enabled',
    createdAt: now,
    version: 1n,
  };
  const { table } = ledger;
  const room: Condition = {
    expression: 'attribute_not_exists(#endpoints) OR #endpoints < :most',
    names: { '#endpoints': 'endpoints' },
    values: { ':most': { N: String(MOST_WEBHOOKS) } },
  };
  const refused = await transact(
    ledger,
    [
      put(table, { ...keyItem(keyOf(webhook)), ...webhookItem.toItem(webhook) }, ABSENT),
      update(table, countKey(handle), { add: { endpoints: { N: '1' } }, condition: room }),
    ],
    // A try of the SDK's own after a lost answer takes effect once.
    base64url(random(24)),
  );
  if (refused) throw new TooManyWebhooksError(handle);
  return webhook;
}

/** An endpoint of a creator, as it is now. */
export const readWebhook = async (ledger: Ledger, handle: string, id: string) =>
  id.startsWith(FIRST_ID)
    ? webhookFromItem(await getItem(ledger, keys.webhook(handle, id), { consistent: true }))
    : undefined;

/** All endpoints of a creator, as they are now. */
export async function readWebhooks(ledger: Ledger, handle: string): Promise<Webhook[]> {
  const { pk, sk } = keys.webhook(handle, FIRST_ID);
  const query = {
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :first)',
    ExpressionAttributeValues: { ':pk': { S: pk }, ':first': { S: sk } },
  };
  const webhooks: Webhook[] = [];
  for await (const item of queryAll(ledger, query)) webhooks.push(webhookItem.fromItem(item));
  return webhooks;
}

const atVersion = (version: bigint) => equals('version', whole.write(version)!);

/** Change an endpoint by a function of its present state, which must be of `version` where one is given. */
async function changed(
  ledger: Ledger,
  { handle, id, version }: { handle: string; id: string; version: bigint | undefined },
  change: (before: Webhook) => { set: Partial<Webhook>; remove?: (keyof Webhook)[] },
): Promise<Webhook> {
  const before = await readWebhook(ledger, handle, id);
  if (!before) throw new WebhookMissingError(id);
  if (version !== undefined && version !== before.version) throw new WebhookChangedError(id);
  const { set, remove = [] } = change(before);
  const names = [...Object.keys(set), 'version'] as (keyof Webhook)[];
  const item = webhookItem.toItem({ ...before, ...set, version: before.version + 1n });
  const attributes = Object.fromEntries(names.map((name) => [name, item[name]!]));
  const after = await updateItem(
    ledger,
    keyOf(before),
    { set: attributes, remove },
    atVersion(before.version),
  );
  if (!after) throw new WebhookChangedError(id);
  return webhookItem.fromItem(after);
}

/** What is known of an address ends with it, and with a new start. */
const HEALTH = ['failingSince', 'restUntil', 'offReason', 'offAt'] satisfies (keyof Webhook)[];

/**
 * Change what a creator says of an endpoint, or disable or enable it. What is on its way to it goes to the new URL, or
 * is dropped while it isn't enabled. A new URL, and being enabled, make its failures forgotten.
 * @param version that it must have, when given
 * @throws WebhookMissingError, WebhookChangedError
 */
export const changeWebhook = (
  ledger: Ledger,
  handle: string,
  id: string,
  change: Partial<WebhookSettings> & { status?: 'enabled' | 'disabled' },
  version?: bigint,
): Promise<Webhook> =>
  changed(ledger, { handle, id, version }, (before) => {
    const { url = before.url, description, events = before.events, status = before.status } = change;
    const anew = url !== before.url || (status === 'enabled' && before.status !== 'enabled');
    // One that was switched off stays so under a new URL until it is enabled, and then still says why.
    const forgotten = HEALTH.filter((name) => status !== 'off' || !name.startsWith('off'));
    return {
      set: { url, events, status, ...(description !== undefined && { description }) },
      ...(anew && { remove: forgotten }),
    };
  });

/**
 * Make a new secret. The one until now signs beside it for a while, so that the receiver can change over; one that was
 * already being replaced ends at once, for two at a time are what a receiver looks for.
 * @param keepMs how long the old one still signs; a day unless told
 * @throws WebhookMissingError, WebhookChangedError
 */
export const rotateSecret = (
  ledger: Ledger,
  handle: string,
  id: string,
  now: Date,
  random: Random,
  { keepMs = OLD_SECRET_MS, version }: { keepMs?: number; version?: bigint } = {},
): Promise<Webhook> =>
  changed(ledger, { handle, id, version }, ({ secrets }) => {
    const old = secrets[0];
    const kept = old && keepMs > 0 ? [{ secret: old.secret, until: new Date(now.getTime() + keepMs) }] : [];
    return { set: { secrets: [{ secret: newSecret(random) }, ...kept] } };
  });

/** The secrets that sign at a time, the newest first. */
export const validSecrets = ({ secrets }: Webhook, now: Date): string[] =>
  secrets.filter(({ until }) => until === undefined || until > now).map(({ secret }) => secret);

/**
 * Delete an endpoint: no try of anything begins any more; a POST that is under way ends by itself.
 * @param version that it must have, when given
 * @throws WebhookMissingError, WebhookChangedError
 */
export async function deleteWebhook(
  ledger: Ledger,
  handle: string,
  id: string,
  version?: bigint,
): Promise<void> {
  const before = await readWebhook(ledger, handle, id);
  if (!before) throw new WebhookMissingError(id);
  if (version !== undefined && version !== before.version) throw new WebhookChangedError(id);
  const { table } = ledger;
  const refused = await transact(ledger, [
    remove(table, keyOf(before), atVersion(before.version)),
    update(table, countKey(handle), { add: { endpoints: { N: '-1' } } }),
  ]);
  if (refused) throw new WebhookChangedError(id);
}

/** A replay that died lets others begin after that. */
const REPLAY_MS = 60_000;

/**
 * Begin a replay to an endpoint: one at a time, and so many a day for a creator.
 * @returns whether it may; false while another is under way, or when the endpoint is gone
 * @throws AllowanceError
 */
export async function beginReplay(ledger: Ledger, webhook: Webhook, now: Date): Promise<boolean> {
  const { table } = ledger;
  const condition: Condition = {
    expression: 'attribute_exists(pk) AND (attribute_not_exists(#replayUntil) OR #replayUntil <= :now)',
    names: { '#replayUntil': 'replayUntil' },
    values: { ':now': moment.write(now)! },
  };
  const set = { replayUntil: moment.write(new Date(now.getTime() + REPLAY_MS))! };
  const [underWay, spent] =
    (await transact(ledger, [
      update(table, keyOf(webhook), { set, condition }),
      takeAllowance(table, 'replays', webhook.handle, now),
    ])) ?? [];
  if (spent && !underWay) throw new AllowanceError('replays', webhook.handle, now);
  return !underWay;
}

/** Let the next replay to an endpoint begin. */
export async function endReplay(ledger: Ledger, webhook: Webhook): Promise<void> {
  const there: Condition = { expression: 'attribute_exists(pk)' };
  await updateItem(ledger, keyOf(webhook), { remove: ['replayUntil'] }, there, 'NONE');
}

const note = (ledger: Ledger, webhook: Webhook, change: Change, condition: Condition) =>
  updateItem(ledger, keyOf(webhook), change, condition, 'NONE');

/** Remember that an endpoint fails, as of the first failure, and that it wants rest where it said so. */
export async function noteFailure(
  ledger: Ledger,
  webhook: Webhook,
  now: Date,
  restUntil?: Date,
): Promise<void> {
  const set = {
    ...(webhook.failingSince === undefined && { failingSince: moment.write(now)! }),
    ...(restUntil && { restUntil: moment.write(restUntil)! }),
  };
  // Another URL is another receiver: what the old one did says nothing of it.
  if (Object.keys(set).length > 0) await note(ledger, webhook, { set }, atVersion(webhook.version));
}

/** Remember that an endpoint succeeded, when it was failing before. */
export async function noteSuccess(ledger: Ledger, webhook: Webhook): Promise<void> {
  if (webhook.failingSince === undefined && webhook.restUntil === undefined) return;
  await note(ledger, webhook, { remove: ['failingSince', 'restUntil'] }, atVersion(webhook.version));
}

/**
 * Switch an endpoint off.
 * @returns it as it is then, or undefined when it was changed meanwhile
 */
export async function switchOff(
  ledger: Ledger,
  webhook: Webhook,
  reason: string,
  now: Date,
): Promise<Webhook | undefined> {
  const version = webhook.version + 1n;
  const set = {
    status: { S: 'off' },
    offReason: { S: reason },
    offAt: moment.write(now)!,
    version: whole.write(version)!,
  };
  const done = await note(ledger, webhook, { set }, atVersion(webhook.version));
  return done && { ...webhook, status: 'off', offReason: reason, offAt: now, version };
}
