"""Writes what an image consists of as CycloneDX 1.6 JSON. Reads "ecosystem<TAB>name<TAB>version<TAB>licence" from
standard input (licence may be empty), one component a line; arguments: the image's name, its version."""

import sys

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

NAMESPACES = {"deb": "debian"}


def component(line: str) -> Component:
    ecosystem, name, version, licence = line.rstrip("\n").split("\t")
    namespace = NAMESPACES.get(ecosystem)
    if ecosystem == "npm" and name.startswith("@"):
        namespace, name = name.split("/", 1)
    licences = [LicenseFactory().make_from_string(licence)] if licence else []
    purl = PackageURL(ecosystem, namespace, name, version)
    return Component(
        type=ComponentType.LIBRARY,
        group=namespace,
        name=name,
        version=version,
        purl=purl,
        bom_ref=purl.to_string(),
        licenses=licences,
    )


def main() -> None:
    image, version = sys.argv[1:]
    bom = Bom(components=[component(line) for line in sorted(set(sys.stdin))])
    bom.metadata.component = Component(
        type=ComponentType.CONTAINER, name=image, version=version, bom_ref=image
    )
    bom.register_dependency(bom.metadata.component, bom.components)
    print(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1))


main()
