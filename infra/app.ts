import { App } from 'aws-cdk-lib';
import stages from '../ampjar.settings.ts';
import { settingsOf } from './settings.ts';
import { addStage } from './stage.ts';

const app = new App({ analyticsReporting: false });
addStage(app, settingsOf(stages, app.node.tryGetContext('stage') ?? 'production'));
