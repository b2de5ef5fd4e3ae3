import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { claimIn, Memos } from '../../../connector/invoices/memo.ts';
import { openOptionId } from '../../../shared/ledger/index.ts';

const NODE = `02${'ab'.repeat(32)}`;
const ALICE = openOptionId('alice');
const BOB = openOptionId('bobby');
const ASK = 'Ask-of_22_characters-0';
const BORN = new Date('2026-11-28T12:00:00.900Z');
const CREATED = BigInt(Math.floor(BORN.getTime() / 1000));
const HOUR = 3_600n;

const secret = new Uint8Array(32).fill(7);
const memos = new Memos(secret, NODE);
const ofAlice = memos.write('alice', { optionId: ALICE }, BORN);
const answer = memos.write('alice', { optionId: ALICE, requestId: ASK }, BORN);

/** Why the connectors of a node do not believe a memo. */
const disproof = (memo: string, by = memos, created = CREATED) => by.disproof(claimIn(memo)!, created);

describe('the memo of an invoice', () => {
  it('shows whom it is for, and names option, second and a MAC of 72 bits', () => {
    const born = CREATED.toString(36);
    const said = `ampjar memo\n${NODE}\noption\n${ALICE}\n\n${born}`;
    const mac = createHmac('sha256', secret).update(said).digest().subarray(0, 9).toString('base64url');
    expect(ofAlice).toEqual({ memo: `Tip alice (ampjar ${ALICE} ${born} ${mac})`, mac });
    expect(claimIn(ofAlice.memo)).toEqual({ optionId: ALICE, proof: { born, mac } });
    // Each byte is 1.6 characters of the payment request, and so of the code that is printed (docs/wallets.md).
    expect(ofAlice.memo.length).toBe(`Tip alice (ampjar ${ALICE})`.length + 20);
    expect(claimIn(answer.memo)).toEqual({
      optionId: ALICE,
      requestId: ASK,
      proof: { born, mac: answer.mac },
    });
  });

  it('verifies where it was written, and after a restart', () => {
    for (const { memo } of [ofAlice, answer]) {
      expect(disproof(memo)).toBeUndefined();
      expect(disproof(memo, new Memos(new Uint8Array(secret), NODE))).toBeUndefined();
    }
  });

  it('is taken from 639 bytes that lnd allows, whatever the handle', () => {
    const { memo } = memos.write('a'.repeat(30), { optionId: ALICE, requestId: ASK }, new Date('9999-12-31'));
    expect(memo.length).toBeLessThan(120);
    expect(disproof(memo)).toBeUndefined();
  });

  const [born, mac] = [claimIn(ofAlice.memo)!.proof!.born, ofAlice.mac];
  const flip = (text: string, at: number) =>
    `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  it.each<[string, string]>([
    ['no MAC, as of releases before', `Tip alice (ampjar ${ALICE})`],
    ['no MAC, as of their answers', `Tip alice (ampjar ${ALICE} ${ASK})`],
    ['another option', `Tip alice (ampjar ${BOB} ${born} ${mac})`],
    ['another second', `Tip alice (ampjar ${ALICE} ${(CREATED + 1n).toString(36)} ${mac})`],
    ['the same second, written in another way', `Tip alice (ampjar ${ALICE} 0${born} ${mac})`],
    ['an ask beside', `Tip alice (ampjar ${ALICE} ${ASK} ${born} ${mac})`],
    ['another ask', answer.memo.replace(ASK, 'B'.repeat(22))],
    ['no ask any more', answer.memo.replace(` ${ASK}`, '')],
    ...Array.from({ length: 12 }, (_, at): [string, string] => [
      `character ${at} of the MAC another`,
      `Tip alice (ampjar ${ALICE} ${born} ${flip(mac, at)})`,
    ]),
  ])('does not verify with %s', (_, memo) => {
    expect(disproof(memo)).toMatch(/MAC/);
  });

  it.each<[string, Memos]>([
    ['another secret', new Memos(randomBytes(32), NODE)],
    ['another node', new Memos(secret, `03${'ab'.repeat(32)}`)],
  ])('does not verify under %s', (_, by) => {
    for (const { memo } of [ofAlice, answer]) expect(disproof(memo, by)).toMatch(/MAC/);
  });

  it('does not verify on an invoice that lnd made more than an hour away from the second that it says', () => {
    for (const apart of [-HOUR, 0n, HOUR])
      expect(disproof(ofAlice.memo, memos, CREATED + apart)).toBeUndefined();
    for (const apart of [-HOUR - 1n, HOUR + 1n])
      expect(disproof(ofAlice.memo, memos, CREATED + apart)).toMatch(/another time/);
    // What answers an ask is good for that alone, and nobody sees it.
    expect(disproof(answer.memo, memos, CREATED + 2n * HOUR)).toBeUndefined();
  });

  it.each([
    '',
    'Tip alice',
    `(ampjar ${ALICE.toUpperCase()})`,
    `(ampjar ${ALICE}) `,
    `(ampjar  ${ALICE})`,
    `(ampjar ${ALICE} ${born})`,
    `(ampjar ${ALICE} ${mac})`,
    `(ampjar ${ALICE} ${mac} ${born})`,
    `(ampjar ${ALICE} ${born} ${mac}A)`,
    `(ampjar ${ALICE} ${born} ${mac.slice(1)})`,
    `(ampjar ${ALICE} ${born.toUpperCase()}X ${mac})`,
    `(ampjar ${ALICE} ${ASK.slice(1)})`,
    `(ampjar ${ALICE.slice(1)}0 ${born} ${mac})`,
    // A letter before the id is for kinds that this release does not know.
    `(ampjar s${ALICE} ${born} ${mac})`,
  ])('says nothing in our words when it is %j', (memo) => {
    expect(claimIn(memo)).toBeUndefined();
  });
});
