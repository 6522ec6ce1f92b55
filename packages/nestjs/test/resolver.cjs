// The tests of this package run under every Nest it supports: what the package and its tests import of
// Nest is looked for in the folder of one version, and all that this brings finds itself from there.
const { dirname, join, sep } = require('node:path');

const own = dirname(__dirname) + sep;
const SPECIFIER = /^(?:@[^/]+\/)?[^/]+/;

/** A Jest resolver for what stands in the manifest of this folder. */
exports.resolverFor = (folder) => {
  const names = new Set(Object.keys(require(join(folder, 'package.json')).dependencies));
  return (request, options) => {
    const isOurs = options.basedir.startsWith(own) && !options.basedir.includes('node_modules');
    const isNests = isOurs && names.has(SPECIFIER.exec(request)?.[0]);
    return options.defaultResolver(request, isNests ? { ...options, basedir: folder } : options);
  };
};
