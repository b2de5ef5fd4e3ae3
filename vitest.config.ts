import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { type Suite, suitesHere } from './test/toolchains.ts';

type ProjectTests = NonNullable<TestProjectInlineConfiguration['test']>;

const here = suitesHere();
const ministack = 'test/conformance/ministack.test.ts';
/** What waits, waits for an event. These end a test that hangs, on a machine however busy, and promise no speed. */
const HANGS_MS = 300_000;
const untilItHangs = {
  testTimeout: HANGS_MS,
  hookTimeout: HANGS_MS,
  expect: { poll: { timeout: HANGS_MS } },
};

const PROGRAM = 'test/program.ts';
const onLnd = { globalSetup: [PROGRAM, 'test/regtest/globalSetup.ts'], fileParallelism: false };

const unit: TestProjectInlineConfiguration = {
  test: {
    name: 'unit',
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/regtest/**',
      'test/deploy/**',
      'test/browser/**',
      'test/bundles/**',
      'test/functions/fuzz/**',
      'test/selfHosting/**',
      ministack,
    ],
    // A worker reads each module once, not once for each file: half of the processor's time. So a test file leaves
    // no trace in a module, the environment or a global.
    isolate: false,
    globalSetup: [PROGRAM],
    ...untilItHangs,
  },
};

/** The suites on a real counterpart, each there when its counterpart is. */
const counterparts: (ProjectTests & { name: Suite })[] = [
  { name: 'ministack', include: [ministack], ...untilItHangs },
  { name: 'fuzz', include: ['test/functions/fuzz/**/*.test.ts'], ...untilItHangs },
  { name: 'browser', include: ['test/browser/**/*.test.ts'], ...untilItHangs },
  {
    name: 'selfHosting',
    include: ['test/selfHosting/**/*.test.ts'],
    ...untilItHangs,
  },
  { name: 'bundles', include: ['test/bundles/**/*.test.ts'], ...untilItHangs },
  {
    name: 'deploy',
    include: ['test/deploy/**/*.test.ts'],
    ...onLnd,
    ...untilItHangs,
  },
  {
    name: 'regtest',
    include: ['test/regtest/**/*.test.ts'],
    ...onLnd,
    ...untilItHangs,
  },
];

export default defineConfig({
  test: {
    // All of them: vitest leaves one free, which on two is half of the machine.
    maxWorkers: availableParallelism(),
    projects: [unit, ...counterparts.filter(({ name }) => here.has(name)).map((test) => ({ test }))],
  },
});
