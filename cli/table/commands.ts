import { command } from '../../shared/command/command.ts';
import { BOOTSTRAP, ON_TABLE, REBUILD, RESTORE } from './flags.ts';

const nodes = () => import('./nodes.ts');
const keys = () => import('./keys.ts');

/** What is done on the table itself, for the API can't. */
export const tableCommands = [
  command({
    name: 'table create',
    words: [],
    flags: ON_TABLE,
    summary: 'make the table at an --endpoint of this machine; on AWS deploy does',
    examples: ['table create --endpoint http://127.0.0.1:8000'],
    run: async (asked, parts) => (await import('./create.ts')).create(asked, parts),
  }),
  command({
    name: 'table restore',
    words: [],
    flags: RESTORE,
    summary: 'a new table out of a backup, with all that a table of Ampjar has',
    more: 'The one before is not touched. Given again it goes on where it broke off. docs/backup.md has it step by step.',
    examples: [
      'table restore --table ampjar-OLD --at 2026-11-24T11:00:00Z --to ampjar-2 --region eu-central-1',
      'table restore --export s3://BUCKET/AWSDynamoDB/ID/data/ --to ampjar-2 --region eu-central-1',
      'table restore --files EXPORT --to ampjar --endpoint http://127.0.0.1:8000',
    ],
    run: async (asked, parts) => (await import('./restore.ts')).restore(asked, parts),
  }),
  command({
    name: 'table rebuild-totals',
    words: [],
    flags: REBUILD,
    summary: 'sum up the tips of every creator, and show where the totals differ',
    more: 'Exit code 0 when rows and totals agree, 1 when they did not, replaced or not.',
    examples: ['table rebuild-totals', 'table rebuild-totals --handle alice --replace'],
    run: async (asked, parts) => (await import('./rebuildTotals.ts')).rebuildTotals(asked, parts),
  }),
  command({
    name: 'table revoke-key',
    words: ['KEY_ID'],
    flags: ON_TABLE,
    summary: 'an API key opens nothing from now on; for a table that no API stands on yet',
    examples: ['table revoke-key key_0aB3dE6gH9jK2mN5 --table ampjar-2 --region eu-central-1'],
    run: async (asked, parts) => (await keys()).revoke(asked, parts),
  }),
];

const MORE =
  'Nodes are named by their pubkeys. Exit code 1 also when another changed the same thing meanwhile: try again.';

export const nodeCommands = [
  command({
    name: 'nodes list',
    words: [],
    flags: ON_TABLE,
    summary: 'the nodes of the table, what each of them has, and how its connector fares',
    examples: ['nodes list'],
    run: async (asked, parts) => (await nodes()).list(asked, parts),
  }),
  command({
    name: 'nodes creators',
    words: ['[HANDLE]'],
    flags: ON_TABLE,
    summary: 'which node takes the tips of each creator, or of one',
    examples: ['nodes creators alice', 'nodes creators --json'],
    run: async (asked, parts) => (await nodes()).creators(asked, parts),
  }),
  command({
    name: 'nodes assign',
    words: ['HANDLE', 'NODE'],
    flags: ON_TABLE,
    summary: 'another node takes a creator’s tips from now on',
    more: MORE,
    examples: [`nodes assign alice 02${'f7'.repeat(32)}`],
    run: async (asked, parts) => (await nodes()).assign(asked, parts),
  }),
  command({
    name: 'nodes move',
    words: ['FROM', 'TO'],
    flags: ON_TABLE,
    summary: 'let one node take over all creators of another',
    more: `If it was the home of those who have no node of their own, the other is now. What is paid to their invoices of before is booked
as long as the first node and its connector run. ${MORE}`,
    examples: [`nodes move 02${'f7'.repeat(32)} 03${'a1'.repeat(32)}`],
    run: async (asked, parts) => (await nodes()).move(asked, parts),
  }),
  command({
    name: 'nodes retire',
    words: ['NODE'],
    flags: ON_TABLE,
    summary: 'take a node off the list that takes no more tips: one that is lost, or was moved from',
    more: MORE,
    examples: [`nodes retire 02${'f7'.repeat(32)}`],
    run: async (asked, parts) => (await nodes()).retire(asked, parts),
  }),
];

export const bootstrapCommands = [
  command({
    name: 'keys bootstrap',
    words: [],
    flags: BOOTSTRAP,
    summary: 'the operator’s first API key, made on the table; others are made with it',
    examples: ['keys bootstrap --table ampjar --region eu-central-1'],
    run: async (asked, parts) => (await keys()).bootstrap(asked, parts),
  }),
];
