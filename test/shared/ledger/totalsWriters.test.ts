import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { changeTotals, NO_TOTALS } from '../../../shared/ledger/totals.ts';
import { put, remove, update } from '../../../shared/ledger/transaction.ts';
import { withoutRevision } from './revision.ts';

const sources = () =>
  execFileSync('git', [
    'ls-files',
    '-co',
    '--exclude-standard',
    'shared',
    'functions',
    'connector',
    'operator',
    'cli',
    'local',
  ])
    .toString()
    .split('\n')
    .filter((file) => file.endsWith('.ts'));

/** What makes a write of the item that a key names; `[^)]*` spans the names of table and client. */
const WRITES = /\b(?:put|update|remove)\(\s*[\w.]+,\s*(?:\{\s*\.\.\.keyItem\()?keys\.(totals|day|gone)\(/g;
const BY_HAND = /(?:Key|Item): (?:\{\s*\.\.\.)?keyItem\(keys\.(totals|day|gone)\(/g;
const BY_TEXT = /['"`]totals#/g;

describe('who writes totals', () => {
  it('does it in one way, which demands the version that was read; days and gone numbers go with it', () => {
    const found = sources().flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      const writes = [WRITES, BY_HAND].flatMap((each) => [...text.matchAll(each)]);
      return [
        ...writes.map(([, kind]) => `${file}: ${kind}`),
        ...[...text.matchAll(BY_TEXT)].map(() => `${file}: by text`),
      ];
    });
    // The last three are actions beside a change of the totals, in one transaction: openBook() demands it of each.
    expect(found.sort()).toEqual(
      [
        ...['gone', 'day', 'totals'].map(() => 'shared/ledger/keys.ts: by text'),
        'shared/ledger/booking.ts: day',
        'shared/ledger/gone.ts: gone',
        'shared/ledger/rebuild.ts: day',
        'shared/ledger/totals.ts: totals',
      ].sort(),
    );
  });

  const day = update('ampjar', keys.day('alice', '2026-11-24'), { add: { count: { N: '1' } } });
  const changed = changeTotals('ampjar', 'alice', NO_TOTALS, NO_TOTALS);

  it.each([
    ['totals put whole', [put('ampjar', keyItem(keys.totals('alice')))]],
    ['totals removed', [remove('ampjar', keys.totals('alice'))]],
    [
      'totals updated without a condition',
      [update('ampjar', keys.totals('alice'), { add: { count: { N: '1' } } })],
    ],
    ['a day alone', [day]],
    ['a day beside the totals of another', [day, changeTotals('ampjar', 'bob', NO_TOTALS, NO_TOTALS)]],
  ])('is found out by the tests of the ledger: %s', (_, actions) => {
    expect(withoutRevision(actions)).toEqual(['totals#alice']);
    expect(withoutRevision([day, changed])).toEqual([]);
  });
});
