import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { SHOWS } from '../contract/choices.ts';
import {
  type AmountLimits,
  holdPayable,
  isPayable,
  MAX_BOLT11_MSAT,
  MAX_MSAT,
  payable,
  payableLimits,
} from '../contract/money.ts';
import { isShown, shownText } from '../contract/shownText.ts';
import { AllowanceError, type Allowed, takeAllowance } from './allowances.ts';
import { type Item, list, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { newOptionId, openOptionId, parseHandle } from './handles.ts';
import { keyItem, keys, listed } from './keys.ts';
import { type MintRequest, mintRequestAction } from './mintRequests.ts';
import { getItem, queryAll, queryPage } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { ABSENT, equals, put, transact } from './transaction.ts';

/** More tip options than a page can offer; each costs the node an invoice. */
export const MOST_OPTIONS = 100;
export const MOST_NAME = 60;

const option = record({ id: text, label: text, amountMsat: optional(whole) });

const creatorItem = record({
  handle: text,
  name: text,
  status: oneOf('active', 'closed'),
  shows: oneOf(...SHOWS),
  options: list(option.field),
  createdAt: moment,
  /** Tips below it are booked, and left out of the feed. */
  minimumMsat: optional(whole),
  /** Least and most that an invoice can be asked for, where the option leaves it open. */
  leastMsat: optional(whole),
  mostMsat: optional(whole),
  /** Grows with each change, so that of two changes at once one is refused. */
  version: whole,
  /** The node that takes their tips; without one that of all who have none (nodes.ts). */
  node: optional(text),
  /** Names the request that made the creator, so that it is known again when it comes twice. */
  madeBy: optional(text),
});

/** A tip option: a fixed amount in msat, or an open one when there is none. */
export type TipOption = Of<typeof option.fields>;
/** A creator: profile and tip options, the open one first. */
export type Creator = Of<typeof creatorItem.fields>;

/** A change to a creator that can't be made; the message says why. */
export class CreatorError extends Error {
  override readonly name = 'CreatorError';
}

/** Another changed the same creator at the same time; nothing was wrong with what was asked. */
export class CreatorChangedError extends Error {
  override readonly name = 'CreatorChangedError';
}

export const creatorFromItem = (item: Item | undefined): Creator | undefined =>
  item && creatorItem.fromItem(item);

const creatorAction = (table: string, creator: Creator, before?: Creator): TransactWriteItem =>
  put(
    table,
    {
      ...keyItem(keys.creator(creator.handle)),
      ...creatorItem.toItem(creator),
      ...listedAttributes(listed.creator(creator.handle)),
    },
    before ? equals('version', whole.write(before.version)!) : ABSENT,
  );

/** The index attributes of an item. */
export const listedAttributes = ({ listPk, listSk }: { listPk: string; listSk: string }): Item => ({
  listPk: { S: listPk },
  listSk: { S: listSk },
});

/** Let the connector of the creator's node look at an option. */
const mintRequestOf = (
  table: string,
  { handle, node }: Creator,
  optionId: string,
  now: Date,
): TransactWriteItem =>
  mintRequestAction(table, { due: now, optionId, handle, ...(node !== undefined && { node }) });

const optionAction = (table: string, handle: string, optionId: string): TransactWriteItem =>
  put(table, { ...keyItem(keys.option(optionId)), handle: { S: handle } }, ABSENT);

/** A creator by handle. */
export async function readCreator(ledger: Ledger, handle: string, consistent = false) {
  return creatorFromItem(await getItem(ledger, keys.creator(handle), { consistent }));
}

/** The handle of the creator whose option this is: what an invoice's memo leads back to. */
export async function readOptionOwner(ledger: Ledger, optionId: string): Promise<string | undefined> {
  return (await getItem(ledger, keys.option(optionId), { consistent: true }))?.handle?.S;
}

/** All creators by handle. */
export async function* readCreators(ledger: Ledger): AsyncGenerator<Creator> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :creators',
    ExpressionAttributeValues: { ':creators': { S: listed.creator('').listPk } },
  };
  for await (const item of queryAll(ledger, query)) yield creatorItem.fromItem(item);
}

/** A page of creators by handle, those after `after`; `next` to pass as `after` when there are more. */
export async function readCreatorsPage(
  ledger: Ledger,
  { after = '', limit }: { after?: string; limit: number },
): Promise<{ creators: Creator[]; next?: string }> {
  const { listPk, listSk } = listed.creator(after);
  const { items, lastKey } = await queryPage(ledger, {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :creators AND listSk > :after',
    ExpressionAttributeValues: { ':creators': { S: listPk }, ':after': { S: listSk || ' ' } },
    Limit: limit,
  });
  const creators = items.map(creatorItem.fromItem);
  const last = creators.at(-1)?.handle;
  return { creators, ...(lastKey && last !== undefined && { next: last }) };
}

function checkText(field: string, value: string) {
  if (!isShown(value, MOST_NAME)) {
    throw new CreatorError(
      `${field}: ${JSON.stringify(value.slice(0, 40))} is not ${shownText(MOST_NAME, value)}`,
    );
  }
}

/**
 * Add a creator with an open tip option, and let the connector want its invoice.
 * @param madeBy names the request; a second time under the same name gives the creator of the first
 * @throws HandleError, CreatorError when the handle is taken
 */
export async function addCreator(
  ledger: Ledger,
  wanted: { handle: string; name: string; shows?: Creator['shows']; madeBy?: string },
  now: Date,
): Promise<Creator> {
  const { handle, name, shows = 'nothing', madeBy } = wanted;
  parseHandle(handle);
  checkText('name', name);
  const open = { id: openOptionId(handle), label: 'Any amount' };
  const creator: Creator = {
    handle,
    name,
    shows,
    status: 'active',
    options: [open],
    createdAt: now,
    version: 1n,
    ...(madeBy !== undefined && { madeBy }),
  };
  const refused = await transact(ledger, [
    creatorAction(ledger.table, creator),
    optionAction(ledger.table, handle, open.id),
    mintRequestOf(ledger.table, creator, open.id, now),
  ]);
  if (!refused) return creator;
  const before = madeBy === undefined ? undefined : await readCreator(ledger, handle, true);
  if (before?.madeBy === madeBy && before) return before;
  throw new CreatorError(`handle: "${handle}" is taken`);
}

/** What a change depends on. */
export interface Unchanged {
  /** The version that the change was thought up for; any, if left out. */
  readonly version?: bigint | undefined;
}

/**
 * Change a creator by a function of its present state, and write it with further actions. A change to the very same is none.
 * @throws CreatorError when there is no such creator; CreatorChangedError when it is not of the version expected any more;
 * AllowanceError when it takes what the creator has no more of today
 */
export async function changeCreator(
  ledger: Ledger,
  handle: string,
  change: (creator: Creator) => Creator,
  {
    version,
    more = () => [],
    allowance,
  }: Unchanged & {
    more?: (creator: Creator) => TransactWriteItem[];
    /** What it takes of the creator's day. */
    allowance?: { allowed: Allowed; now: Date };
  } = {},
): Promise<Creator> {
  const changed = () =>
    new CreatorChangedError(`"${handle}" was changed by someone else at the same time; try again`);
  const before = await readCreator(ledger, handle, true);
  if (!before) throw new CreatorError(`handle: there is no creator "${handle}"`);
  if (version !== undefined && before.version !== version) throw changed();
  const wanted = change(before);
  if (wanted === before) return before;
  const after = { ...wanted, version: before.version + 1n };
  const refused = await transact(ledger, [
    creatorAction(ledger.table, after, before),
    ...more(after),
    ...(allowance ? [takeAllowance(ledger.table, allowance.allowed, handle, allowance.now)] : []),
  ]);
  if (refused && !refused[0] && allowance && refused.at(-1))
    throw new AllowanceError(allowance.allowed, handle, allowance.now);
  if (refused) throw changed();
  return after;
}

/**
 * Add a tip option of a fixed amount, and let the connector want its invoice.
 * @param random ten bytes are asked of it; the same again give the option that is there already
 * @throws CreatorError, AllowanceError
 */
export async function addOption(
  ledger: Ledger,
  handle: string,
  { label, amountMsat }: { label: string; amountMsat: bigint },
  now: Date,
  random: (length: number) => Uint8Array,
): Promise<TipOption> {
  checkText('label', label);
  if (amountMsat < 1n || amountMsat > MAX_BOLT11_MSAT) {
    throw new CreatorError(`amount: ${amountMsat} msat is not from 1 to ${MAX_BOLT11_MSAT}`);
  }
  if (!isPayable(amountMsat))
    throw new CreatorError(`amount: ${amountMsat} msat is not ${payable(amountMsat)} msat`);
  const added = { id: newOptionId(random), label, amountMsat };
  const { options } = await changeCreator(
    ledger,
    handle,
    (creator) => {
      if (creator.options.some(({ id }) => id === added.id)) return creator;
      if (creator.status === 'closed') throw new CreatorError(`"${handle}" is closed`);
      if (creator.options.length >= MOST_OPTIONS) {
        throw new CreatorError(`"${handle}" has ${MOST_OPTIONS} tip options already, which is the most`);
      }
      return { ...creator, options: [...creator.options, added] };
    },
    {
      more: (creator) => [
        optionAction(ledger.table, handle, added.id),
        mintRequestOf(ledger.table, creator, added.id, now),
      ],
      allowance: { allowed: 'invoices', now },
    },
  );
  return options.find(({ id }) => id === added.id)!;
}

/** A creator with this option. @throws CreatorError when it is not among theirs */
function withOption(creator: Creator, optionId: string): Creator {
  if (creator.options.some(({ id }) => id === optionId)) return creator;
  throw new CreatorError(
    `option: "${creator.handle}" has no tip option ${JSON.stringify(optionId.slice(0, 40))}`,
  );
}

/** Give a tip option another label. Its amount stays: that is what its printed invoice says. @throws CreatorError */
export async function labelOption(
  ledger: Ledger,
  handle: string,
  { optionId, label }: { optionId: string; label: string },
  unchanged?: Unchanged,
): Promise<Creator> {
  checkText('label', label);
  const relabel = (option: TipOption) => (option.id === optionId ? { ...option, label } : option);
  return changeCreator(
    ledger,
    handle,
    (creator) => ({ ...creator, options: withOption(creator, optionId).options.map(relabel) }),
    unchanged,
  );
}

/**
 * Take a tip option away. The connector, who is told by a mint request, retires its invoice; what is still paid to that is its
 * creator's for ever. The open option stays.
 * @throws CreatorError
 */
export const removeOption = (
  ledger: Ledger,
  handle: string,
  optionId: string,
  now: Date,
  { version }: Unchanged = {},
): Promise<Creator> => {
  if (optionId === openOptionId(handle))
    throw new CreatorError(
      'option: the one with an open amount stays; close the creator to take no more tips',
    );
  return changeCreator(
    ledger,
    handle,
    (creator) => ({
      ...creator,
      options: withOption(creator, optionId).options.filter(({ id }) => id !== optionId),
    }),
    { version, more: (creator) => [mintRequestOf(ledger.table, creator, optionId, now)] },
  );
};

/**
 * Let the connector replace the invoice with this payment address by a new one, if the option still hands it out then.
 * @throws AllowanceError
 */
export async function requestMint(
  ledger: Ledger,
  mintRequest: Pick<MintRequest, 'handle' | 'optionId' | 'node'> & { paymentAddr: string },
  now: Date,
): Promise<void> {
  const { paymentAddr, ...option } = mintRequest;
  const refused = await transact(ledger, [
    mintRequestAction(ledger.table, { ...option, due: now, replaces: paymentAddr }),
    takeAllowance(ledger.table, 'invoices', option.handle, now),
  ]);
  if (refused) throw new AllowanceError('invoices', option.handle, now);
}

/**
 * Let the connector look at every option of a creator. By itself, not with a change of the creator: with the most options
 * they would not fit a transaction. Who asks again mends what broke off.
 */
export async function requestMints(ledger: Ledger, creator: Creator, now: Date): Promise<void> {
  await transact(
    ledger,
    creator.options.map(({ id }) => mintRequestOf(ledger.table, creator, id, now)),
  );
}

/** What of a creator can be changed; what is left out stays. */
export interface CreatorEdit {
  readonly name?: string | undefined;
  readonly shows?: Creator['shows'] | undefined;
  /** 0 for none. */
  readonly minimumMsat?: bigint | undefined;
  /** `undefined` leaves them, null takes them away. */
  readonly limits?: AmountLimits | null | undefined;
}

/**
 * Change what a creator is called, shows, and takes.
 * @throws CreatorError, CreatorChangedError
 */
export function editCreator(
  ledger: Ledger,
  handle: string,
  { name, shows, minimumMsat, limits }: CreatorEdit,
  unchanged?: Unchanged,
): Promise<Creator> {
  if (name !== undefined) checkText('name', name);
  if (minimumMsat !== undefined && (minimumMsat < 0n || minimumMsat > MAX_MSAT))
    throw new CreatorError(`minimum: ${minimumMsat} msat is not from 0 to ${MAX_MSAT}`);
  if (limits) {
    const { leastMsat, mostMsat } = limits;
    if (leastMsat < 1n || mostMsat < leastMsat || mostMsat > MAX_BOLT11_MSAT)
      throw new CreatorError(
        `limits: ${leastMsat} to ${mostMsat} msat are not within 1 and ${MAX_BOLT11_MSAT}`,
      );
    if (!holdPayable(limits))
      throw new CreatorError(
        `limits: ${leastMsat} to ${mostMsat} msat are not ${payableLimits(limits)} msat`,
      );
  }
  return changeCreator(
    ledger,
    handle,
    ({ minimumMsat: minimum, leastMsat, mostMsat, ...creator }) => {
      const least = limits === undefined ? leastMsat : limits?.leastMsat;
      const most = limits === undefined ? mostMsat : limits?.mostMsat;
      const smallest = minimumMsat ?? minimum;
      return {
        ...creator,
        ...(name !== undefined && { name }),
        ...(shows !== undefined && { shows }),
        ...(smallest !== undefined && smallest > 0n && { minimumMsat: smallest }),
        ...(least !== undefined && { leastMsat: least }),
        ...(most !== undefined && { mostMsat: most }),
      };
    },
    unchanged,
  );
}

/** Close a creator: the pages answer 410 from now on; what still arrives is booked. @throws CreatorError */
export const closeCreator = (ledger: Ledger, handle: string, unchanged?: Unchanged) =>
  changeCreator(
    ledger,
    handle,
    (creator) => (creator.status === 'closed' ? creator : { ...creator, status: 'closed' }),
    unchanged,
  );

/**
 * Open a closed creator again, with the options of before. The connector looks at each, for invoices may have run out meanwhile.
 * Again is harmless.
 * @throws CreatorError
 */
export async function reopenCreator(
  ledger: Ledger,
  handle: string,
  now: Date,
  unchanged?: Unchanged,
): Promise<Creator> {
  const creator = await changeCreator(
    ledger,
    handle,
    (closed) => (closed.status === 'active' ? closed : { ...closed, status: 'active' }),
    unchanged,
  );
  await requestMints(ledger, creator, now);
  return creator;
}
