/** For the image: fetches and unpacks the artefacts, as the first `npm start` of a clone does. */
import { loadConfig } from '../../src/config/config.ts';
import { artefactsPath, ensureArtefacts } from '../local/artefacts.ts';

const config = loadConfig();
await ensureArtefacts(config, { notify: (line) => console.log(line) });
console.log(artefactsPath(config));
