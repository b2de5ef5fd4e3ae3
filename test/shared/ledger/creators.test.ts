import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BOLT11_MSAT, MAX_MSAT } from '../../../shared/contract/money.ts';
import {
  addCreator,
  addOption,
  CreatorChangedError,
  CreatorError,
  closeCreator,
  dueMintRequests,
  editCreator,
  HandleError,
  labelOption,
  openOptionId,
  readCreator,
  readCreators,
  readCreatorsPage,
  readOptionOwner,
  removeOption,
  reopenCreator,
  requestMint,
} from '../../../shared/ledger/index.ts';
import { around, gather, NOW, openBook } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
});
afterAll(() => book.close());

const random = (length: number) => randomBytes(length);
const coffee = { label: 'Coffee', amountMsat: 3_000_000n };
const wanted = async () => (await gather(dueMintRequests(book.ledger, NOW))).map((want) => want.optionId);

describe('creators', () => {
  it('a new creator has an open option, wants its invoice, and shows nothing', async () => {
    const added = await addCreator(book.ledger, { handle: 'alice', name: 'Alice 🍯' }, NOW);
    const open = openOptionId('alice');
    expect(added).toMatchObject({ shows: 'nothing', status: 'active', options: [{ id: open }] });
    expect(added.options[0]).not.toHaveProperty('amountMsat');
    expect(await readCreator(book.ledger, 'alice')).toStrictEqual(added);
    expect(await readOptionOwner(book.ledger, open)).toBe('alice');
    expect(await wanted()).toEqual([open]);
  });

  it('a taken handle is refused, and the creator who has it stays as they are', async () => {
    const before = await addCreator(book.ledger, { handle: 'bob', name: 'Bob' }, NOW);
    const again = addCreator(book.ledger, { handle: 'bob', name: 'Eve', shows: 'messages' }, NOW);
    await expect(again).rejects.toThrow(new CreatorError('handle: "bob" is taken'));
    expect(await readCreator(book.ledger, 'bob')).toStrictEqual(before);
  });

  it.each(['admin', 'Al', '../al', 'a'.repeat(10_000)])('the handle %s is refused', async (handle) => {
    await expect(addCreator(book.ledger, { handle, name: 'X' }, NOW)).rejects.toThrow(HandleError);
  });

  it.each(['', '  ', 'x'.repeat(61), 'a\nb', '\ud800', '\u0000'])('the name %j is refused', async (name) => {
    await expect(addCreator(book.ledger, { handle: 'named', name }, NOW)).rejects.toThrow(CreatorError);
    expect(await readCreator(book.ledger, 'named')).toBeUndefined();
  });

  it('a fixed option follows the open one, belongs to its creator and wants an invoice', async () => {
    await addCreator(book.ledger, { handle: 'carol', name: 'Carol' }, NOW);
    const added = await addOption(book.ledger, 'carol', coffee, NOW, random);
    expect((await readCreator(book.ledger, 'carol'))?.options.slice(1)).toStrictEqual([added]);
    expect(await readOptionOwner(book.ledger, added.id)).toBe('carol');
    expect(await wanted()).toContain(added.id);
  });

  it('a creator who is not there has no options to add', async () => {
    await expect(addOption(book.ledger, 'nobody', coffee, NOW, random)).rejects.toThrow(CreatorError);
    expect(await readCreator(book.ledger, 'nobody')).toBeUndefined();
  });

  it('of two changes at once one is refused, whole', async () => {
    await addCreator(book.ledger, { handle: 'dora', name: 'Dora' }, NOW);
    const slow = around(book.ledger, 'TransactWriteItemsCommand', {
      before: () => editCreator(book.ledger, 'dora', { shows: 'messages' }),
    });
    const late = addOption(slow, 'dora', coffee, NOW, random);
    await expect(late).rejects.toThrow('"dora" was changed by someone else at the same time; try again');
    const after = await readCreator(book.ledger, 'dora');
    expect(after).toMatchObject({ shows: 'messages', version: 2n });
    expect(after?.options).toHaveLength(1);
    expect((await gather(dueMintRequests(book.ledger, NOW))).filter((w) => w.handle === 'dora')).toHaveLength(
      1,
    );
  });

  it('a hundred options are the most', async () => {
    await addCreator(book.ledger, { handle: 'many', name: 'Many' }, NOW);
    for (let at = 0; at < 99; at++) await addOption(book.ledger, 'many', coffee, NOW, random);
    await expect(addOption(book.ledger, 'many', coffee, NOW, random)).rejects.toThrow('100 tip options');
  });

  it('a closed creator stays to be read and takes no further option', async () => {
    await addCreator(book.ledger, { handle: 'erin', name: 'Erin' }, NOW);
    await closeCreator(book.ledger, 'erin');
    expect(await readCreator(book.ledger, 'erin')).toMatchObject({ status: 'closed', name: 'Erin' });
    await expect(addOption(book.ledger, 'erin', coffee, NOW, random)).rejects.toThrow('"erin" is closed');
    await expect(addCreator(book.ledger, { handle: 'erin', name: 'Eve' }, NOW)).rejects.toThrow('is taken');
  });

  it('all creators are listed by handle', async () => {
    const handles = (await gather(readCreators(book.ledger))).map(({ handle }) => handle);
    expect(handles).toEqual(['alice', 'bob', 'carol', 'dora', 'erin', 'many']);
  });
});

describe('a change', () => {
  it('touches what it names, and takes away what it clears', async () => {
    const before = await addCreator(book.ledger, { handle: 'frank', name: 'Frank' }, NOW);
    const limits = { leastMsat: 1n, mostMsat: MAX_BOLT11_MSAT };
    const edit = { name: 'Fran 🍯', shows: 'amounts', minimumMsat: 5n, limits } as const;
    const edited = await editCreator(book.ledger, 'frank', edit);
    expect(edited).toStrictEqual({
      ...before,
      name: 'Fran 🍯',
      shows: 'amounts',
      minimumMsat: 5n,
      ...limits,
      version: 2n,
    });
    expect(await readCreator(book.ledger, 'frank')).toStrictEqual(edited);
    expect(await editCreator(book.ledger, 'frank', {})).toStrictEqual({ ...edited, version: 3n });
    const cleared = await editCreator(book.ledger, 'frank', { minimumMsat: 0n, limits: null });
    expect(cleared).toStrictEqual({ ...before, name: 'Fran 🍯', shows: 'amounts', version: 4n });
  });

  it('made for a version that is no more is refused, whole', async () => {
    const { version } = await addCreator(book.ledger, { handle: 'grace', name: 'Grace' }, NOW);
    await editCreator(book.ledger, 'grace', { shows: 'amounts' });
    for (const change of [
      editCreator(book.ledger, 'grace', { name: 'Eve' }, { version }),
      closeCreator(book.ledger, 'grace', { version }),
      removeOption(book.ledger, 'grace', 'aaaaaaaaaa', NOW, { version }),
      labelOption(book.ledger, 'grace', { optionId: openOptionId('grace'), label: 'Eve' }, { version }),
      reopenCreator(book.ledger, 'grace', NOW, { version }),
    ])
      await expect(change).rejects.toThrow(CreatorChangedError);
    expect(await readCreator(book.ledger, 'grace')).toMatchObject({
      name: 'Grace',
      status: 'active',
      version: 2n,
    });
  });

  it.each([
    [0n, 1n],
    [2n, 1n],
    [1n, MAX_BOLT11_MSAT + 1n],
    [-1n, -1n],
    [1n, 999n],
    [1_500n, 1_999n],
    [MAX_BOLT11_MSAT, MAX_BOLT11_MSAT],
  ])(
    'to limits from %d to %d msat is refused: LNURL has no exact numbers beyond, or wallets no amount within',
    async (leastMsat, mostMsat) => {
      await addCreator(book.ledger, { handle: 'limits', name: 'Limits' }, NOW).catch(() => {});
      const setting = async () => editCreator(book.ledger, 'limits', { limits: { leastMsat, mostMsat } });
      await expect(setting()).rejects.toThrow(CreatorError);
      expect(await readCreator(book.ledger, 'limits')).not.toHaveProperty('leastMsat');
    },
  );

  it('to a minimum takes any amount that there can be', async () => {
    await addCreator(book.ledger, { handle: 'minimum', name: 'Minimum' }, NOW);
    expect(await editCreator(book.ledger, 'minimum', { minimumMsat: MAX_MSAT })).toMatchObject({
      minimumMsat: MAX_MSAT,
    });
    await expect(
      (async () => editCreator(book.ledger, 'minimum', { minimumMsat: MAX_MSAT + 1n }))(),
    ).rejects.toThrow(CreatorError);
  });
});

describe('a tip option', () => {
  it('asks for an amount that LNURL can say, at most', async () => {
    await addCreator(book.ledger, { handle: 'heidi', name: 'Heidi' }, NOW);
    const option = (amountMsat: bigint) =>
      addOption(book.ledger, 'heidi', { label: 'x', amountMsat }, NOW, random);
    expect(MAX_BOLT11_MSAT).toBe(2n ** 53n - 1n);
    const most = MAX_BOLT11_MSAT - (MAX_BOLT11_MSAT % 1_000n);
    expect(await option(most)).toMatchObject({ amountMsat: most });
    for (const amountMsat of [0n, -1n, 1n, 999n, 3_000_500n, MAX_BOLT11_MSAT, MAX_BOLT11_MSAT + 1n])
      await expect(option(amountMsat)).rejects.toThrow(CreatorError);
  });

  it('made again of the same randomness is there once', async () => {
    await addCreator(book.ledger, { handle: 'ivan', name: 'Ivan' }, NOW);
    const bytes = randomBytes(10);
    const first = await addOption(book.ledger, 'ivan', coffee, NOW, () => bytes);
    expect(await addOption(book.ledger, 'ivan', coffee, NOW, () => bytes)).toStrictEqual(first);
    expect(await readCreator(book.ledger, 'ivan')).toMatchObject({ options: [{}, first], version: 2n });
  });

  it('gets another label, and keeps its amount and place', async () => {
    await addCreator(book.ledger, { handle: 'judy', name: 'Judy' }, NOW);
    const first = await addOption(book.ledger, 'judy', coffee, NOW, random);
    const second = await addOption(book.ledger, 'judy', coffee, NOW, random);
    const { options } = await labelOption(book.ledger, 'judy', { optionId: first.id, label: 'Tea' });
    expect(options.slice(1)).toStrictEqual([{ ...first, label: 'Tea' }, second]);
    const unknown = labelOption(book.ledger, 'judy', { optionId: openOptionId('alice'), label: 'x' });
    await expect(unknown).rejects.toThrow(CreatorError);
  });

  it('that is taken away wants to be looked at, and still leads to its creator', async () => {
    await addCreator(book.ledger, { handle: 'mallory', name: 'Mallory' }, NOW);
    const added = await addOption(book.ledger, 'mallory', coffee, NOW, random);
    const later = new Date(NOW.getTime() + 5);
    expect(await removeOption(book.ledger, 'mallory', added.id, later)).toMatchObject({
      options: [{ id: openOptionId('mallory') }],
    });
    expect(await gather(dueMintRequests(book.ledger, later))).toContainEqual({
      due: later,
      optionId: added.id,
      handle: 'mallory',
    });
    expect(await readOptionOwner(book.ledger, added.id)).toBe('mallory');
    const open = async () => removeOption(book.ledger, 'mallory', openOptionId('mallory'), NOW);
    await expect(open()).rejects.toThrow('stays');
  });

  it('can want another invoice in place of the one that it has', async () => {
    const want = { handle: 'mallory', optionId: openOptionId('mallory'), paymentAddr: 'ff'.repeat(32) };
    const at = new Date(NOW.getTime() + 7);
    await requestMint(book.ledger, want, at);
    expect(await gather(dueMintRequests(book.ledger, at))).toContainEqual({
      due: at,
      optionId: want.optionId,
      handle: 'mallory',
      replaces: want.paymentAddr,
    });
  });
});

describe('a creator who is made twice', () => {
  it('by the same request is one; by another the handle is taken', async () => {
    const wanted = { handle: 'oscar', name: 'Oscar', madeBy: 'request 1' };
    const first = await addCreator(book.ledger, wanted, NOW);
    expect(await addCreator(book.ledger, wanted, NOW)).toStrictEqual(first);
    for (const madeBy of ['request 2', undefined]) {
      const other = { handle: 'oscar', name: 'Oscar', ...(madeBy && { madeBy }) };
      await expect(addCreator(book.ledger, other, NOW)).rejects.toThrow('is taken');
    }
    await addCreator(book.ledger, { handle: 'plain', name: 'Plain' }, NOW);
    await expect(addCreator(book.ledger, { handle: 'plain', name: 'Plain' }, NOW)).rejects.toThrow(
      'is taken',
    );
  });
});

describe('a closed creator', () => {
  it('is opened again with all options, the most there can be, each of which is looked at', async () => {
    await addCreator(book.ledger, { handle: 'peggy', name: 'Peggy' }, NOW);
    for (let at = 0; at < 99; at++) await addOption(book.ledger, 'peggy', coffee, NOW, random);
    const closed = await closeCreator(book.ledger, 'peggy');
    expect(await closeCreator(book.ledger, 'peggy')).toStrictEqual(closed);
    const later = new Date(NOW.getTime() + 9);
    const opened = await reopenCreator(book.ledger, 'peggy', later);
    expect(opened).toStrictEqual({ ...closed, status: 'active', version: closed.version + 1n });
    const wants = (await gather(dueMintRequests(book.ledger, later))).filter(
      ({ due }) => due.getTime() === later.getTime(),
    );
    expect(wants.map(({ optionId }) => optionId).sort()).toEqual(opened.options.map(({ id }) => id).sort());
    expect(await reopenCreator(book.ledger, 'peggy', later)).toStrictEqual(opened);
  });
});

it('creators are listed page after page, each once', async () => {
  const all = (await gather(readCreators(book.ledger))).map(({ handle }) => handle);
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await readCreatorsPage(book.ledger, { limit: 4, ...(after && { after }) });
    expect(page.creators.length).toBeLessThanOrEqual(4);
    seen.push(...page.creators.map(({ handle }) => handle));
    after = page.next;
  } while (after !== undefined);
  expect(seen).toEqual(all);
});
