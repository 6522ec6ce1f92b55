/**
 * What `--only a,b` names of these, or all when it names none of them.
 *
 * @param {string | undefined} only beginnings of names, separated by commas
 * @param {(item) => string[]} namesOf
 */
export function choose(only, all, namesOf) {
  const wanted = (only ?? '').toLowerCase().split(',').filter(Boolean);
  const chosen = all.filter((item) =>
    wanted.some((start) => namesOf(item).some((name) => name.toLowerCase().startsWith(start))),
  );
  return chosen.length ? chosen : all;
}
