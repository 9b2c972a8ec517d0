// The publication that `vitrine` works on in this repository: Impact's, from the build (`npm run build`).
export { default } from './impact/dist/publication/index.js'
