"""One blood sample's gene expression: a file's bytes to panel scores a model can use. numpy only.

    bytes -> table (`tables`, `text`, `parquet`) -> sample with gene names (`naming`, `kinds`)
          -> ranks and panel scores (`scores`, `panels`) -> the reference's scale (`platforms`)
          -> results in a patient's record (`into_record`)

Nothing here compares patients: everything about one sample comes from that sample and from what was
stored when its platform was registered. What cannot be used is an `ExpressionError` (`errors`).
"""
