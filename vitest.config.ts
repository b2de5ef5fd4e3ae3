import { defineConfig } from 'vitest/config';
import { suitesHere } from './test/toolchains.ts';

const here = suitesHere();
const ministack = 'test/conformance/ministack.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/regtest/**',
            'test/deploy/**',
            'test/browser/**',
            'test/functions/fuzz/**',
            'test/selfHosting/**',
            ministack,
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      ...(here.has('ministack')
        ? [{ test: { name: 'ministack', include: [ministack], testTimeout: 180_000, hookTimeout: 60_000 } }]
        : []),
      ...(here.has('fuzz')
        ? [{ test: { name: 'fuzz', include: ['test/functions/fuzz/**/*.test.ts'], testTimeout: 180_000 } }]
        : []),
      ...(here.has('browser')
        ? [
            {
              test: {
                name: 'browser',
                include: ['test/browser/**/*.test.ts'],
                testTimeout: 60_000,
                hookTimeout: 60_000,
              },
            },
          ]
        : []),
      ...(here.has('selfHosting')
        ? [
            {
              test: {
                name: 'selfHosting',
                include: ['test/selfHosting/**/*.test.ts'],
                testTimeout: 60_000,
                hookTimeout: 60_000,
              },
            },
          ]
        : []),
      ...(here.has('bundles')
        ? [
            {
              test: {
                name: 'bundles',
                include: ['test/bundles/**/*.test.ts'],
                testTimeout: 60_000,
                hookTimeout: 180_000,
              },
            },
          ]
        : []),
      ...(here.has('deploy')
        ? [
            {
              test: {
                name: 'deploy',
                include: ['test/deploy/**/*.test.ts'],
                globalSetup: ['test/regtest/globalSetup.ts'],
                fileParallelism: false,
                testTimeout: 120_000,
                hookTimeout: 300_000,
              },
            },
          ]
        : []),
      ...(here.has('regtest')
        ? [
            {
              test: {
                name: 'regtest',
                include: ['test/regtest/**/*.test.ts'],
                globalSetup: ['test/regtest/globalSetup.ts'],
                fileParallelism: false,
                testTimeout: 120_000,
                hookTimeout: 300_000,
              },
            },
          ]
        : []),
    ],
  },
});
