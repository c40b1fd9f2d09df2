"""Cards of models and datasets as their authors write them."""

GATED = """\
---
language:
- en
- de
- fr
pipeline_tag: text-generation
tags:
- facebook
- llama-3
license: llama3
new_version: acme/Llama-3.1-8B
extra_gated_prompt: >-
  ### LLAMA 3 COMMUNITY LICENSE AGREEMENT

  Llama 3 Version Release Date: April 18, 2024

  "Agreement" means the terms and conditions: use, reproduction &
  distribution.
extra_gated_fields:
  First Name: text
  Date of birth: date_picker
  Country: country
  Job title:
    type: select
    options:
      - Student
      - Research Graduate
      - Other
  By clicking Submit below I accept the terms of the license: checkbox
  geo: ip_location
extra_gated_description: >-
  The information you provide will be collected.
extra_gated_button_content: Submit
widget:
  - example_title: Hello
    messages:
      - role: user
        content: "Hey my name is Julien! How are you?"
inference:
  parameters:
    max_new_tokens: 300
    stop:
      - <|end_of_text|>
      - <|eot_id|>
---

## Model Details

<table>
  <tr>
   <td>
   </td>
   <td><strong>Params</strong>
   </td>
  </tr>
  <tr>
   <td rowspan="2" >Llama 3
   </td>
   <td>8B
   </td>
  </tr>
</table>

```python
>>> import transformers
>>> import torch

>>> model_id = "acme/Llama-3-8B"
```
"""
PICTURES = """\
---
license: openrail++
tags:
- text-to-image
- stable-diffusion
---
# SD-XL 1.0-base Model Card
![row01](01.png)

## Model

![pipeline](pipeline.png)

[SDXL](https://arxiv.org/abs/2307.01952) consists of an [ensemble of experts](https://arxiv.org/abs/2211.01324):
In a first step, the base model is used to generate latents.

### 🧨 Diffusers

Make sure to upgrade diffusers to >= 0.19.0:
```
pip install diffusers --upgrade
```
When using `torch >= 2.0`, you can improve the speed by 20-30%:
```diff
- pipe.to("cuda")
+ pipe.enable_model_cpu_offload()
```
### Limitations

- The model does not achieve perfect photorealism
- The model cannot render legible text
  such as this.

  1. one
  2. two
"""
_RESULT = """\
  - task:
      name: Automatic Speech Recognition
      type: automatic-speech-recognition
    dataset:
      name: LibriSpeech ({0})
      type: librispeech_asr
      config: {0}
      split: test
      args:
        language: en
    metrics:
    - name: Test WER
      type: wer
      value: {1}
"""
WHISPER = f"""\
---
language:
- en
- zh
- de
- no
tags:
- audio
- hf-asr-leaderboard
widget:
- example_title: Librispeech sample 1
  src: https://cdn-media.huggingface.co/speech_samples/sample1.flac
model-index:
- name: whisper-tiny
  results:
{"".join(_RESULT.format(*each) for each in (("clean", 7.54), ("other", 17.15), ("hi", 141)))}\
pipeline_tag: automatic-speech-recognition
license: apache-2.0
---

# Whisper

|  Size    | Parameters |
|----------|------------|
| tiny     | 39 M       |
| base     | 74 M       |
"""
ADAPTER = """\
---
base_model: acme/base
library_name: peft
tags:
- base_model:adapter:acme/base
- lora
license: mit
---

# Model Card for Model ID

<!-- Provide a quick summary of what the model is/does. -->



## Model Details

### Model Description

<!-- Provide a longer summary of what this model is. -->



- **Developed by:** me
"""
DATASET = """\
---
annotations_creators: [expert-generated]
language: [en]
license: [cc-by-4.0]
size_categories: ["10K<n<100K"]
task_ids: []
pretty_name: "SQuAD: the dataset"
configs:
- config_name: plain_text   # the default
  default: true
  data_files:
  - split: train
    path: plain_text/train-*
  - {split: validation, path: "plain_text/validation-*"}
dataset_info:
  config_name: plain_text
  features:
  - name: id
    dtype: string
  - name: answers
    sequence:
    - name: text
      dtype: string
    - name: answer_start
      dtype: int32
  - name: label
    dtype:
      class_label:
        names:
          '0': neg
          '1': pos
  splits:
  - name: train
    num_bytes: 79346108
    num_examples: 87599
  download_size: 16278203
train-eval-index:
- config: plain_text
  col_mapping:
    question: question
    answers: {text: text, answer_start: answer_start}
---

# Dataset Card for SQuAD

## Table of Contents
- [Dataset Card](#x)
  - [Table of Contents](#y)

#### plain_text

- **Size:** 35.14 MB

An example of 'train' looks as follows.
```
{
    "answers": {"answer_start": [1], "text": ["This is a test text"]},
}
```
"""
