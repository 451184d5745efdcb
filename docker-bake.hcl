# For both kinds of processors: `docker buildx bake`, or `docker buildx bake --push` with NAME set to where it goes.
variable "NAME" { default = "portevoix" }
variable "VERSION" { default = "latest" }

group "default" { targets = ["portevoix"] }

target "portevoix" {
  context   = "."
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${NAME}:${VERSION}"]
}
