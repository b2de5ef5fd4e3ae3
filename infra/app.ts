import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readSettings } from './settings.ts';
import { AmpjarStack } from './stack.ts';

const app = new App({ analyticsReporting: false });
new AmpjarStack(
  app,
  'Ampjar',
  readSettings((name) => app.node.tryGetContext(name)),
);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
