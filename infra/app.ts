import { App } from 'aws-cdk-lib';
import file from '../ampjar.settings.ts';
import { readSettings, SettingError } from './settings.ts';
import { addStage } from './stage.ts';

const app = new App({ analyticsReporting: false });
try {
  addStage(app, readSettings(file, app.node.tryGetContext('stage') ?? 'production'));
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exit(2);
}
