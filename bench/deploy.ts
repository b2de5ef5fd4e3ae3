import { openCloud } from '../test/deploy/cloud.ts';
import { deploy as deployTo } from '../test/deploy/deployment.ts';
import { suitesHere } from '../test/toolchains.ts';
import type { Bench, Row, Setting } from './bench.ts';
import { median } from './rounds.ts';

async function run({ quick, note }: Setting): Promise<Row[]> {
  const seconds: number[] = [];
  let resources = 0;
  for (let left = quick ? 1 : 3; left > 0; left--) {
    note('an account with nothing in it');
    const cloud = await openCloud();
    try {
      const deployed = await deployTo(cloud);
      seconds.push(deployed.seconds);
      resources = Object.keys(deployed.resources).length;
    } finally {
      await cloud.close();
    }
  }
  return [
    { what: 'npm run deploy, from nothing to all of it answering', value: median(seconds), unit: 's' },
    { what: 'resources of the template', value: resources, unit: '' },
  ];
}

export const deploy: Bench = {
  name: 'deploy',
  about: 'npm run deploy to an emulated account with nothing in it, until all of it answers',
  lnd: 'none',
  missing: () =>
    suitesHere().has('deploy') ? undefined : 'ministack or Node 24 is missing: see npm run test:deploy',
  run,
};
