// Every row, in the order of the specifications.
import type { Section } from '../vocabulary.js';
import { directives } from './directives.js';
import { extensions } from './extensions.js';
import { freshness } from './freshness.js';
import { invalidation } from './invalidation.js';
import { preconditions } from './preconditions.js';
import { selecting } from './selecting.js';
import { semantics } from './semantics.js';
import { statusAndGroups } from './status-and-groups.js';
import { storing } from './storing.js';
import { validation } from './validation.js';

/** RFC 9111 by section number, then RFC 9110, then the extensions. */
export const SECTIONS: readonly Section[] = [
  ...storing,
  ...selecting,
  ...freshness,
  ...validation,
  ...invalidation,
  ...directives,
  ...preconditions,
  ...semantics,
  ...extensions,
  ...statusAndGroups,
].sort((a, b) => order(a.spec) - order(b.spec) || bySection(a.spec, b.spec));

function order(spec: string): number {
  return ['RFC 9111', 'RFC 9110', 'RFC 9213', 'RFC 5861', 'RFC 9211', 'RFC 9875'].indexOf(
    spec.slice(0, 8),
  );
}

function bySection(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
