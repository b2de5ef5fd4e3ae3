import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { MAX_MSAT } from '../money.ts';
import { type Item, list, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { newOptionId, openOptionId, parseHandle } from './handles.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItem, queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { ABSENT, equals, put, transact } from './transaction.ts';
import { wantAction } from './wants.ts';

/** What a creator lets the public see of their tips. */
export const SHOWS = ['nothing', 'amounts', 'messages'] as const;

/** More tip options than a page can offer; each costs the node an invoice. */
export const MOST_OPTIONS = 100;
const MOST_NAME = 60;

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

function checkText(field: string, value: string) {
  if (value.trim() === '' || value.length > MOST_NAME || /\p{Cc}|\p{Cs}/u.test(value)) {
    throw new CreatorError(
      `${field}: ${JSON.stringify(value.slice(0, 40))} is not 1 to ${MOST_NAME} printable characters`,
    );
  }
}

/**
 * Add a creator with an open tip option, and let the connector want its invoice.
 * @throws HandleError, CreatorError when the handle is taken
 */
export async function addCreator(
  ledger: Ledger,
  { handle, name, shows = 'nothing' }: { handle: string; name: string; shows?: Creator['shows'] },
  now: Date,
): Promise<Creator> {
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
  };
  const refused = await transact(ledger, [
    creatorAction(ledger.table, creator),
    optionAction(ledger.table, handle, open.id),
    wantAction(ledger.table, { due: now, optionId: open.id, handle }),
  ]);
  if (refused) throw new CreatorError(`handle: "${handle}" is taken`);
  return creator;
}

/** Change a creator by a function of its present state, and write it with further actions. */
async function changeCreator(
  ledger: Ledger,
  handle: string,
  change: (creator: Creator) => Creator,
  more: (creator: Creator) => TransactWriteItem[] = () => [],
): Promise<Creator> {
  const before = await readCreator(ledger, handle, true);
  if (!before) throw new CreatorError(`handle: there is no creator "${handle}"`);
  const after = { ...change(before), version: before.version + 1n };
  const refused = await transact(ledger, [creatorAction(ledger.table, after, before), ...more(after)]);
  if (refused)
    throw new CreatorChangedError(`"${handle}" was changed by someone else at the same time; try again`);
  return after;
}

/**
 * Add a tip option of a fixed amount, and let the connector want its invoice.
 * @throws CreatorError
 */
export async function addOption(
  ledger: Ledger,
  handle: string,
  { label, amountMsat }: { label: string; amountMsat: bigint },
  now: Date,
  random: (length: number) => Uint8Array,
): Promise<TipOption> {
  checkText('label', label);
  if (amountMsat < 1n || amountMsat > MAX_MSAT) {
    throw new CreatorError(`amount: ${amountMsat} msat is not from 1 to ${MAX_MSAT}`);
  }
  const added = { id: newOptionId(random), label, amountMsat };
  await changeCreator(
    ledger,
    handle,
    (creator) => {
      if (creator.status === 'closed') throw new CreatorError(`"${handle}" is closed`);
      if (creator.options.length >= MOST_OPTIONS) {
        throw new CreatorError(`"${handle}" has ${MOST_OPTIONS} tip options already, which is the most`);
      }
      return { ...creator, options: [...creator.options, added] };
    },
    () => [
      optionAction(ledger.table, handle, added.id),
      wantAction(ledger.table, { due: now, optionId: added.id, handle }),
    ],
  );
  return added;
}

/** Say what the public may see. @throws CreatorError */
export const setShows = (ledger: Ledger, handle: string, shows: Creator['shows']) =>
  changeCreator(ledger, handle, (creator) => ({ ...creator, shows }));

/**
 * Keep tips below an amount out of the feed from now on; 0 lets all in. They are booked, and in the totals, all the same.
 * @throws CreatorError
 */
export const setMinimum = (ledger: Ledger, handle: string, minimumMsat: bigint) => {
  if (minimumMsat < 0n || minimumMsat > MAX_MSAT) {
    throw new CreatorError(`minimum: ${minimumMsat} msat is not from 0 to ${MAX_MSAT}`);
  }
  return changeCreator(ledger, handle, ({ minimumMsat: _, ...creator }) => ({
    ...creator,
    ...(minimumMsat > 0n && { minimumMsat }),
  }));
};

/** Bound what an invoice of one's own can be asked for. @throws CreatorError */
export const setLimits = (
  ledger: Ledger,
  handle: string,
  { leastMsat, mostMsat }: { leastMsat: bigint; mostMsat: bigint },
) => {
  if (leastMsat < 1n || mostMsat < leastMsat || mostMsat > MAX_MSAT)
    throw new CreatorError(`limits: ${leastMsat} to ${mostMsat} msat are not within 1 and ${MAX_MSAT}`);
  return changeCreator(ledger, handle, (creator) => ({ ...creator, leastMsat, mostMsat }));
};

/** Close a creator: the pages answer 410 from now on; what still arrives is booked. @throws CreatorError */
export const closeCreator = (ledger: Ledger, handle: string) =>
  changeCreator(ledger, handle, (creator) => ({ ...creator, status: 'closed' }));
