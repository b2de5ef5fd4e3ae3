import { findStack } from './stacks.ts';

/** The stack by which the CDK prepares an account and Region for its own deployments. */
const TOOLKIT = 'CDKToolkit';

/** The first version of it that the CDK deploys Ampjar's stacks with; `stack.templateOptions` of a synthesised stack says so, too. */
export const LEAST_TOOLKIT = 6;

/** How the CDK is set up in a Region of the account at hand: its version; undefined when it is not. @throws DeployError */
export async function toolkitVersion(region: string): Promise<number | undefined> {
  const found = await findStack(TOOLKIT, region);
  if (!found) return undefined;
  const told = found.Outputs?.find(({ OutputKey }) => OutputKey === 'BootstrapVersion')?.OutputValue;
  return Number(told ?? 0);
}
