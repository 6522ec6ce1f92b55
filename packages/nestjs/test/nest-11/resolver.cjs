module.exports = require('../resolver.cjs').resolverFor(__dirname);
