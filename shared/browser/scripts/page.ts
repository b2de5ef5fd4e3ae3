import { offerBrowserWallet } from './browserWallet.ts';
import { showCopyButtons } from './copyButtons.ts';

showCopyButtons();
offerBrowserWallet();
