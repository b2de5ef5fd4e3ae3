import type { TestProject } from 'vitest/node';
import { type NetworkCoords, startNetwork } from './harness/network.ts';

declare module 'vitest' {
  interface ProvidedContext {
    network: NetworkCoords;
  }
}

/** Start one network for all test files; each holds it with `connectNetwork(inject('network'))`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const network = await startNetwork({ nodes: ['payer', 'jar'] });
  project.provide('network', network.coords);
  return () => network.stop();
}
