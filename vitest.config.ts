import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { type Suite, suitesHere } from './test/toolchains.ts';

type ProjectTests = NonNullable<TestProjectInlineConfiguration['test']>;

const here = suitesHere();
const ministack = 'test/conformance/ministack.test.ts';
const onLnd = { globalSetup: ['test/regtest/globalSetup.ts'], fileParallelism: false };

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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
};

/** The suites on a real counterpart, each there when its counterpart is. */
const counterparts: (ProjectTests & { name: Suite })[] = [
  { name: 'ministack', include: [ministack], testTimeout: 180_000, hookTimeout: 60_000 },
  { name: 'fuzz', include: ['test/functions/fuzz/**/*.test.ts'], testTimeout: 180_000 },
  { name: 'browser', include: ['test/browser/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
  {
    name: 'selfHosting',
    include: ['test/selfHosting/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
  { name: 'bundles', include: ['test/bundles/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 180_000 },
  {
    name: 'deploy',
    include: ['test/deploy/**/*.test.ts'],
    ...onLnd,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
  {
    name: 'regtest',
    include: ['test/regtest/**/*.test.ts'],
    ...onLnd,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
];

export default defineConfig({
  test: {
    // All of them: vitest leaves one free, which on two is half of the machine.
    maxWorkers: availableParallelism(),
    projects: [unit, ...counterparts.filter(({ name }) => here.has(name)).map((test) => ({ test }))],
  },
});
