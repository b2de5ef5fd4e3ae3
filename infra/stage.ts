import { type App, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { needsUsEast1, type Settings, stackName } from './settings.ts';
import { AmpjarStack } from './stack.ts';
import { UsEast1Stack } from './usEast1.ts';

/** The stacks of a stage, checked by cdk-nag's AwsSolutions: one, and a second in us-east-1 where there is something to make there. */
export function addStage(app: App, settings: Settings): AmpjarStack {
  const { stage, account, region, domain, production, tags } = settings;
  const id = stackName(stage);
  // What is told is read as it is at the time: a reference that holds would bar the domain from ever changing.
  app.node.setContext('@aws-cdk/core:defaultCrossStackReferences', 'weak');
  const props = {
    tags: { 'ampjar:stage': stage, ...tags },
    terminationProtection: production,
  };
  const usEast1 = needsUsEast1(settings)
    ? new UsEast1Stack(app, `${id}-us-east-1`, settings, { ...props, env: { account, region: 'us-east-1' } })
    : undefined;
  const stack = new AmpjarStack(app, id, settings, {
    ...props,
    env: { account, region },
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
