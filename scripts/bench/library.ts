import { ROOT } from '../../lib/testing/tools.js';

/** The built package, as users have it: what tsx makes of the sources is other code. */
export const { open } = require(ROOT) as typeof import('../../lib/index.js');
