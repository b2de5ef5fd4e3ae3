import { type App, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type Settings, stackName, usEast1StackName } from './settings.ts';
import { AmpjarStack } from './stack.ts';
import { UsEast1Stack } from './usEast1.ts';

/**
 * The stacks of a stage, checked by cdk-nag's AwsSolutions: one, and a second in us-east-1 where there is something to make there.
 * @param unprotected stacks that are being made: nothing in them must outlive a creation that fails
 */
export function addStage(app: App, settings: Settings, unprotected: readonly string[] = []): AmpjarStack {
  const { stage, account, region, domain, production, tags } = settings;
  const id = stackName(stage);
  // What is told is read as it is at the time: a reference that holds would bar the domain from ever changing.
  app.node.setContext('@aws-cdk/core:defaultCrossStackReferences', 'weak');
  const propsOf = (name: string) => ({
    tags: { 'ampjar:stage': stage, ...tags },
    terminationProtection: production && !unprotected.includes(name),
  });
  const beside = usEast1StackName(settings);
  const usEast1 =
    beside === undefined
      ? undefined
      : new UsEast1Stack(app, beside, settings, {
          ...propsOf(beside),
          env: { account, region: 'us-east-1' },
        });
  const stack = new AmpjarStack(app, id, settings, {
    ...propsOf(id),
    env: { account, region },
    isFirst: unprotected.includes(id),
    domain: domain && {
      name: domain.name,
      certificate:
        'certificateArn' in domain
          ? Certificate.fromCertificateArn(app, 'Certificate', domain.certificateArn)
          : usEast1!.certificate!,
    },
    firewallArn: usEast1?.firewallArn,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return stack;
}
