import { expect, test } from 'vitest';
import { metricLine } from '../../../functions/watch/emf.ts';
import { METRICS } from '../../../shared/contract/metrics.ts';
import { NODE, NOW } from '../../shared/ledger/book.ts';

const node = { node: NODE, aliveAt: NOW, version: '0.1.0', waiting: 0, asidesOpen: 0 };

const wrongSums = [{ handle: 'alice', wrong: ['all tips'] }];

test('a line is one JSON object: the values, and what CloudWatch is to make of them', () => {
  const line = metricLine(
    'Ampjar-test',
    { values: { HeartbeatAge: 20, Drift: 0 }, nodes: [node], wrongSums },
    NOW,
  );
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    _aws: {
      Timestamp: NOW.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: 'Ampjar-test',
          Dimensions: [[]],
          Metrics: [
            { Name: 'HeartbeatAge', Unit: 'Seconds' },
            { Name: 'Drift', Unit: 'Count' },
          ],
        },
      ],
    },
    HeartbeatAge: 20,
    Drift: 0,
    wrongSums,
    nodes: [{ ...node, aliveAt: NOW.toISOString() }],
  });
});

test('no name of a metric means anything else in a line', () => {
  expect(Object.keys(METRICS).filter((name) => ['_aws', 'nodes'].includes(name))).toEqual([]);
});
