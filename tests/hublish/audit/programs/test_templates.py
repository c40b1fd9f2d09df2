"""Templates that reach the class of an object are found however they spell its name; templates of models are not."""

import jinja2
import pytest

from hublish.audit.programs.templates import template_program

HOSTILE = [
    "{{ ''.__class__.__mro__ }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ x|attr('__class__') }}",
    "{{ x|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ x['\\u005f\\u005fclass\\u005f\\u005f'] }}",
    "{{ x['_' ~ '_class_' ~ '_'] }}",
    "{{ x['_' + '_class_' + '_'] }}",
    "{% set u = '_' %}{{ x[u * 2 + 'class' + u * 2] }}",
    "{% set k = ['_', '_class_', '_']|join %}{{ x[k] }}",
    "{% set k %}_{{ '_class_' }}_{% endset %}{{ x[k] }}",
    "{% for k in ['_' ~ '_class_' ~ '_'] %}{{ x[k] }}{% endfor %}",
    "{{ x['%c%cclass%c%c'|format(95, 95, 95, 95)] }}",
    "{{ x['{0}{0}class{0}{0}'.format('_')] }}",
    "{{ x['-_class-_'.replace('-', '_')] }}",
    "{{ [x]|map(attribute=['_', '_class_', '_']|join)|list }}",
    "{{ [x]|map('attr', name)|list }}",
    "{{ [x]|groupby('_' ~ '_class_' ~ '_') }}",
    "{% set n = namespace(k='a') %}{% set n.k = '_' ~ '_class_' ~ '_' %}{{ x[n.k] }}",
    "{% set n = namespace(k='_' ~ '_class_' ~ '_') %}{{ x[n['k']] }}",
    "{% set d = {'k': '_' ~ '_class_' ~ '_'} %}{{ x[d.k] }}",
    "{% macro m() %}_{{ '_class_' }}_{% endmacro %}{{ x[m()] }}",
    "{% macro m(k) %}{{ x[k] }}{% endmacro %}{{ m('_' ~ '_class_' ~ '_') }}",
    "{% macro m(k) %}{{ x[k] }}{% endmacro %}{{ m(k='_' ~ '_class_' ~ '_') }}",
    "{{ x[none|default('_' ~ '_class_' ~ '_')] }}",
    "{{ x[('_' ~ '_class_' ~ '_') if true else 'a'] }}",
    "{% if x.__class__ %}{% endif %}",
    "{% generation %}{{ ''.__class__ }}{% endgeneration %}",
    "{{ unclosed|attr('x') ",
    "{{ 'a' }}" * 200_000,
]
CLEAN = [
    "",
    "no template, and __init__ is a word",
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>' }}",
    "{% set loop_messages = messages[1:] %}{% for m in loop_messages %}{{ m.content.strip() }}{% endfor %}",
    "{% set ns = namespace(index=0) %}{{ messages[ns.index] }}{{ messages[loop.index0 - 1] }}{{ messages[i + 1] }}",
    "{% for k, v in tool.function.parameters.properties|dictsort %}{{ args[k] }}{% endfor %}",
    "{% for k in args|list %}{{ args[k]|tojson }}{% endfor %}",
    "{{ messages|selectattr('role', 'equalto', 'system')|map(attribute='content')|join('\\n') }}",
    "{{ messages[messages|length - 1]['content'] }}{{ (message.content.split('</think>')|last).lstrip('\\n') }}",
    "{% if tools is defined %}{{ raise_exception('no ' ~ tools) }}{% endif %}{{ strftime_now('%d %b %Y') }}",
    "{% generation %}{{ message['content'] }}{% endgeneration %}",
    "{% set n = namespace(t='', i=0) %}{% set n.t = n.t + m.content %}{% set n.i = n.i + 1 %}{{ x[n.i] }}",
    "{% macro m(x, keys=[]) %}{{ x|upper }}{% for k in keys %}{{ x[k] }}{% endfor %}{% endmacro %}{{ m(x) }}",
    "{# __class__ in a comment #}{{ bos_token }} __not_a_name__",
    "{% for m in messages %}{% if loop.last %}{% break %}{% endif %}{% endfor %}",
    "{{ 'a' if true else 'b' ~ 'c' }}{{ content.split('_')[0] }}",
]


@pytest.mark.parametrize("template", HOSTILE, ids=lambda template: template[:40])
def test_a_hostile_template_is_found(template: str) -> None:
    assert template_program(template) is not None


@pytest.mark.parametrize("template", CLEAN, ids=lambda template: template[:40])
def test_a_template_of_a_model_is_clean(template: str) -> None:
    assert template_program(template) is None


@pytest.mark.parametrize("template", HOSTILE[7:15])
def test_jinja_without_a_sandbox_reaches_the_class(template: str) -> None:
    # The control: these spellings do what the literal name does.
    assert "class" in jinja2.Environment().from_string(template).render(x="a string")
