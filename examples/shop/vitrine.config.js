export { default } from './dist/publication/dashboards.js'
