from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)  # ours lives beside the installed fhir.resources
