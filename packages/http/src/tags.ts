/**
 * The groups that an answer says it belongs to, and those that an answer to a write invalidates:
 * syntax, and the names under which the store knows them.
 */
import { listMembers, linesOf } from './fields.js';
import type { Fields } from './fields.js';
import { groupTag, groupTagOn, tagTag } from './key.js';
import { parseList } from './structured-fields.js';

/** The fields in which an answer names the groups that it belongs to. */
const GROUPING_FIELDS = ['cache-tag', 'surrogate-key', 'cache-groups'];

const NO_TAGS: readonly string[] = Object.freeze([]);

/** `Cache-Tag` (commas between) and `Surrogate-Key` (spaces between). */
function answersTags(fields: Fields): string[] {
  return [
    ...listMembers(linesOf(fields, 'cache-tag')),
    ...linesOf(fields, 'surrogate-key').flatMap((line) => line.split(/[ \t]+/)),
  ].filter((tag) => tag !== '');
}

/** RFC 9875 §2: a list of strings; anything else in the list is ignored. */
export function groupsIn(lines: readonly string[]): string[] {
  return (parseList(lines) ?? [])
    .map(({ value }) => value)
    .filter((value) => typeof value === 'string');
}

/** The store's tags for the groups of an answer. RFC 9875 §2.1: groups belong to one origin. */
export function storeTags(
  fields: Fields,
  authority: string,
  further: readonly string[] = [],
): readonly string[] {
  if (further.length === 0 && !GROUPING_FIELDS.some((name) => fields.has(name))) return NO_TAGS;
  return [
    ...[...answersTags(fields), ...further].map(tagTag),
    ...groupsIn(linesOf(fields, 'cache-groups')).flatMap((group) => [
      groupTag(group),
      groupTagOn(authority, group),
    ]),
  ];
}
